#include <csignal>
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

/// What libFuzzer calls, for the target MAMBASYNTH_FUZZ_TARGET. Whatever the target throws ends the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  mambasynth::tests::fuzz::MAMBASYNTH_FUZZ_TARGET({reinterpret_cast<char const*>(data), size});
  return 0;
}

/// At its limit of CPU time (ulimit -t), the fuzzer ends as on USR1: with its counts and code 0.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  std::signal(SIGXCPU, [](int) { std::raise(SIGUSR1); });
  return 0;
}
