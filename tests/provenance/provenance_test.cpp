#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <hdf5.h>
#include <sys/utsname.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/cpu.hpp"
#include "provenance/build.hpp"
#include "provenance/run.hpp"
#include "store/hdf5.hpp"
#include "store/result_file.hpp"
#include "support/reference.hpp"

using namespace mambasynth;

namespace {

/// An environment variable with another value until the end of the scope.
class Variable {
 public:
  Variable(char const* name, char const* value) : name_(name) {
    if (auto const* const found = std::getenv(name)) before_ = found;
    if (value == nullptr) ::unsetenv(name);
    else ::setenv(name, value, 1);
  }
  Variable(Variable const&) = delete;
  Variable& operator=(Variable const&) = delete;
  ~Variable() {
    if (before_) ::setenv(name_, before_->c_str(), 1);
    else ::unsetenv(name_);
  }

 private:
  char const* name_;
  std::optional<std::string> before_;
};

store::AttributeValue fact(provenance::Facts const& facts, std::string const& wanted) {
  std::vector<store::AttributeValue> found;
  for (auto const& [name, value] : facts)
    if (name == wanted) found.push_back(value);
  INFO(wanted);
  REQUIRE(found.size() == 1);
  return found.front();
}
std::string text(provenance::Facts const& facts, std::string const& name) {
  return std::get<std::string>(fact(facts, name));
}
std::int64_t integer(provenance::Facts const& facts, std::string const& name) {
  return std::get<std::int64_t>(fact(facts, name));
}

}  // namespace

TEST_CASE("a build is described by its version, its commit and the libraries that it was compiled with") {
  auto const& build = provenance::build();
  CHECK(build.version == MAMBASYNTH_PROJECT_VERSION);
  CHECK_THAT(build.commit, Catch::Matchers::Matches("[0-9a-f]{40}|unknown"));
  CHECK_FALSE(build.compiler.empty());
  CHECK_FALSE(build.libtorch.empty());
  CHECK_FALSE(build.mpi.empty());
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  CHECK(build.hdf5 == std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release));
  CHECK(build.cuda.empty() == build.gpu_architectures.empty());
}

TEST_CASE("--version shows one fact per line, including those that this build lacks") {
  provenance::Build build{.version = "1.2.3",
                          .commit = "abc",
                          .dirty = false,
                          .type = "Release",
                          .compiler = "GNU 12",
                          .libtorch = "2.11",
                          .mpi = "Open MPI 4",
                          .hdf5 = "1.10.8",
                          .cuda = "",
                          .gpu_architectures = ""};
  CHECK(provenance::describe(build) ==
        "mambasynth 1.2.3\n"
        "commit            abc\n"
        "build type        Release\n"
        "compiler          GNU 12\n"
        "LibTorch          2.11\n"
        "CUDA              not in this build\n"
        "GPU architectures none\n"
        "MPI               Open MPI 4\n"
        "HDF5              1.10.8");
  build.dirty = true;
  build.cuda = "13.0";
  build.gpu_architectures = "90";
  auto const shown = provenance::describe(build);
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(shown, ContainsSubstring("\ncommit            abc (with uncommitted changes)\n"));
  CHECK_THAT(shown, ContainsSubstring("\nCUDA              13.0\nGPU architectures 90\n"));
}

TEST_CASE("a run's facts describe the build, the process and the GPU") {
  Variable const job("SLURM_JOB_ID", "123"), image("MAMBASYNTH_IMAGE_HASH", "sha256:ab");
  auto const facts =
      provenance::run_facts("cuda", 3, {.name = "H200", .driver = "580.1", .clocks = "", .nccl = "2.29"});
  auto const& build = provenance::build();
  CHECK(text(facts, "version") == build.version);
  CHECK(text(facts, "git_commit") == build.commit);
  CHECK(integer(facts, "git_dirty") == (build.dirty ? 1 : 0));
  CHECK(text(facts, "build_type") == build.type);
  CHECK(text(facts, "compiler") == build.compiler);
  CHECK(text(facts, "libtorch") == build.libtorch);
  CHECK(text(facts, "cuda") == build.cuda);
  CHECK(text(facts, "mpi") == build.mpi);
  CHECK(text(facts, "hdf5") == build.hdf5);
  CHECK(text(facts, "device") == "cuda");
  CHECK(text(facts, "gpu_name") == "H200");
  CHECK(text(facts, "driver") == "580.1");
  CHECK(text(facts, "nccl") == "2.29");
  CHECK(text(facts, "instruction_set") == kernels::cpu_instruction_set());
  CHECK(integer(facts, "threads") == 3);
  utsname node{};
  REQUIRE(::uname(&node) == 0);
  CHECK(text(facts, "host") == node.nodename);
  CHECK(text(facts, "slurm_job") == "123");
  CHECK(text(facts, "container") == "sha256:ab");
  CHECK(facts.size() == 18);  // those above: a new one belongs there
}

TEST_CASE("outside Slurm and containers, and on the CPU, those facts are empty") {
  Variable const job("SLURM_JOB_ID", nullptr), image("MAMBASYNTH_IMAGE_HASH", nullptr);
  auto const facts = provenance::run_facts("cpu", 1, {});
  for (auto const* name : {"slurm_job", "container", "gpu_name", "driver", "nccl"}) {
    INFO(name);
    CHECK(text(facts, name).empty());
  }
}

TEST_CASE("a result file holds every fact of the run") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "result.h5";
  auto const facts = provenance::run_facts("cpu", 2, {});
  {
    store::ResultFile result(path, 1);
    result.provenance(facts);
    result.commit();
  }
  store::Hdf5Reader const file(path);
  int read = 0;
  for (auto const& [name, value] : facts) {
    INFO(name);
    REQUIRE(file.has_attribute("/provenance", name));
    if (auto const* const words = std::get_if<std::string>(&value))
      CHECK(file.text_attribute("/provenance", name) == *words);
    else CHECK(file.integer_attribute("/provenance", name) == std::get<std::int64_t>(value));
    ++read;
  }
  CHECK(read == 18);
}

TEST_CASE("the time is UTC to the second, in any time zone") {
  Variable const zone("TZ", "Asia/Tokyo");
  ::tzset();
  auto const before = std::time(nullptr);
  auto const now = provenance::utc_now();
  auto const after = std::time(nullptr);
  std::tm parts{};
  char const* const end = ::strptime(now.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  REQUIRE(end == now.c_str() + now.size());
  auto const read = ::timegm(&parts);
  CHECK(before <= read);
  CHECK(read <= after);
}

TEST_CASE("the driver has a version only if its kernel module is loaded") {
  auto const driver = provenance::nvidia_driver();
  if (std::filesystem::exists("/proc/driver/nvidia/version"))
    CHECK_THAT(driver, Catch::Matchers::Matches("[0-9]+(\\.[0-9]+)+"));
  else CHECK(driver.empty());
}
