#include <ATen/Parallel.h>
#include <omp.h>

#include <algorithm>
#include <thread>

#include "backend/backend.hpp"
#include "commands/flags.hpp"
#include "kernels/cpu.hpp"

namespace mambasynth::commands {

std::string use_device(RunFlags const& flags) {
  auto const device = backend::choose(flags.device);
  at::set_num_threads(thread_count(flags));
  omp_set_num_threads(thread_count(flags));
  kernels::set_threads(thread_count(flags));
  return device;
}

int thread_count(RunFlags const& flags) {
  if (flags.threads > 0) return flags.threads;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace mambasynth::commands
