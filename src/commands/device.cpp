#include <ATen/Parallel.h>
#include <omp.h>

#include "backend/backend.hpp"
#include "commands/flags.hpp"
#include "cores/cores.hpp"
#include "kernels/cpu.hpp"
#include "parallel/communicator.hpp"

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
  return cores::default_threads();
}

int thread_count(RunFlags const& flags, parallel::Communicator const& world) {
  return flags.threads > 0 ? flags.threads : cores::default_threads(world.local_cores());
}

}  // namespace mambasynth::commands
