#pragma once

#include <string>

#include "gpu/card.hpp"

/// The cards of this process for `mambasynth doctor`; without LibTorch's headers.
namespace mambasynth::backend {

struct Inventory {
  bool built_with_cuda = false;
  int count = 0;  ///< cards that this process sees
  std::string none_because;
  int driver_cuda = 0, runtime_cuda = 0;  ///< 13000 is CUDA 13.0; driver: the newest version that it supports
  std::string nccl;                       ///< version of the library that would be loaded, or empty
  std::string no_nccl;                    ///< why it cannot be loaded
  gpu::Card card;                         ///< the one that this rank would use, if count > 0
};

/// Queries the driver without selecting a card. Takes seconds if the driver has to initialize first.
Inventory inventory();

}  // namespace mambasynth::backend
