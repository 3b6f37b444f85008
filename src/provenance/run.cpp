#include "provenance/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "kernels/cpu.hpp"
#include "provenance/build.hpp"

namespace mambasynth::provenance {
namespace {

std::string environment(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string nvidia_driver() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string line;
  std::getline(file, line);
  auto const at = line.find("  ", std::min(line.find("Module"), line.size()));
  auto const begin = at == std::string::npos ? at : line.find_first_not_of(' ', at);
  return begin == std::string::npos ? "" : line.substr(begin, line.find(' ', begin) - begin);
}

std::string utc_now() {
  auto const now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

Facts run_facts(std::string const& device, int threads, Gpu const& gpu) {
  auto const& b = build();
  return {{"version", b.version},
          {"git_commit", b.commit},
          {"git_dirty", std::int64_t{b.dirty}},
          {"build_type", b.type},
          {"compiler", b.compiler},
          {"libtorch", b.libtorch},
          {"cuda", b.cuda},
          {"driver", gpu.driver},
          {"nccl", gpu.nccl},
          {"gpu_name", gpu.name},
          {"mpi", b.mpi},
          {"hdf5", b.hdf5},
          {"device", device},
          {"instruction_set", std::string(kernels::cpu_instruction_set())},
          {"threads", std::int64_t{threads}},
          {"host", host_name()},
          {"slurm_job", environment("SLURM_JOB_ID")},
          {"container", environment("MAMBASYNTH_IMAGE_HASH")}};
}

}  // namespace mambasynth::provenance
