#pragma once

#include <string>

/// The cards of this process for `mambasynth doctor`; without LibTorch's headers.
namespace mambasynth::backend {

/// The card that this rank would take. What the driver does not tell is empty, or -1.
struct Card {
  int number = 0;
  std::string name, bus;
  std::string architecture;  ///< "90"
  double memory_mb = 0, memory_free_mb = 0;
  int clock_mhz = -1, most_clock_mhz = -1;  ///< of the multiprocessors
  long long uncorrected_ecc_errors = -1;    ///< since the driver was loaded
  std::string slowed_by;                    ///< heat or power, where the card is slowed down just now
  std::string unusable;                     ///< why nothing can run on it
};

struct Inventory {
  bool built_with_cuda = false;
  int count = 0;  ///< cards that this process sees
  std::string none_because;
  int driver_cuda = 0, runtime_cuda = 0;  ///< 13000 is CUDA 13.0; driver: the newest that it runs
  std::string nccl;                       ///< version of the library that would be loaded, or empty
  std::string no_nccl;                    ///< why it cannot
  Card card;                              ///< where count > 0
};

/// Asks the driver; makes no card the current one where there is none. Takes seconds where a driver has to wake up.
Inventory inventory();

}  // namespace mambasynth::backend
