#include <ATen/Parallel.h>
#include <omp.h>

#include <thread>

#include "commands/flags.hpp"
#include "errors/errors.hpp"
#include "kernels/cpu.hpp"

namespace mambasynth::commands {

std::string use_device(RunFlags const& flags) {
  if (flags.device == "cuda")
    throw errors::usage("--device cuda is not available", "this version trains on the CPU; its GPU kernels are not part of this build",
                        "Use --device cpu");
  at::set_num_threads(thread_count(flags));
  omp_set_num_threads(thread_count(flags));
  kernels::set_threads(thread_count(flags));
  return "cpu";
}

int thread_count(RunFlags const& flags) {
  if (flags.threads > 0) return flags.threads;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace mambasynth::commands
