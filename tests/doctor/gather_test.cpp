#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>

#include "support/mpirun.hpp"

using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("doctor_gather_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

Finished program(int ranks, std::string const& mode, fs::path const& folder) {
  return run_command(
      under_mpi(MAMBASYNTH_MPIEXEC, ranks, std::string(MAMBASYNTH_PROGRAM) + " " + mode + " " + folder.string()));
}

}  // namespace

TEST_CASE("rank 0 gets the facts of all ranks, and the folder is unchanged") {
  Folder const folder;
  auto const ranks = GENERATE(0, 1, 3);
  auto const finished = program(ranks, "well", folder.path);
  INFO(finished.output);
  CHECK(finished.code == 0);
  if (ranks == 3) CHECK_THAT(finished.output, ContainsSubstring("3 ranks on 2 hosts"));
  CHECK_THAT(finished.output, ContainsSubstring("Results can go to"));
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("a rank that hangs is reported and does not block the others") {
  Folder const folder;
  auto const mode = GENERATE(std::string("stuck"), std::string("gone"));
  auto const finished = program(3, mode, folder.path);
  INFO(finished.output);
  CHECK(finished.code == 1);
  CHECK_THAT(finished.output, ContainsSubstring("error    rank 1") && ContainsSubstring("did not respond in time"));
  if (mode == "stuck") CHECK_THAT(finished.output, ContainsSubstring("it hangs while querying the GPU driver"));
  CHECK_THAT(finished.output, ContainsSubstring("Results can go to"));
  CHECK(fs::is_empty(folder.path));
}
