#pragma once

#include <string>

namespace mambasynth::gpu {

/// A GPU and its state, for `mambasynth doctor`. What the driver does not report is empty or -1. A separate header,
/// because builds without CUDA or LibTorch include it, too.
struct Card {
  int number = 0;
  std::string name, bus;
  std::string architecture;  ///< "90"
  double memory_mb = 0, memory_free_mb = 0;
  int clock_mhz = -1, most_clock_mhz = -1;  ///< of the multiprocessors
  long long uncorrected_ecc_errors = -1;    ///< since the driver was loaded
  std::string slowed_by;                    ///< heat or power, if the GPU is throttled at the moment
  std::string unusable;                     ///< why nothing can run on it: no context can be created
};

}  // namespace mambasynth::gpu
