#pragma once

#include <string>

/// What `mambasynth doctor` asks of a card and of the libraries around it.
namespace mambasynth::gpu {

struct Health {
  std::string name, bus, architecture;
  double memory_mb = 0, memory_free_mb = 0;
  int clock_mhz = -1, most_clock_mhz = -1;
  long long uncorrected_ecc_errors = -1;
  std::string slowed_by;  ///< empty: at the speed that its load asks for
  std::string unusable;   ///< why no context can be made on it
};
/// Makes a context on the card: whether that works is what a trial needs to know.
Health health(int card);

struct Software {
  int driver_cuda = 0, runtime_cuda = 0;  ///< 13000 is CUDA 13.0
  std::string nccl, no_nccl;              ///< version, or why the library cannot be loaded
};
Software software();

}  // namespace mambasynth::gpu
