#pragma once

#include <string>

#include "gpu/card.hpp"

/// What `mambasynth doctor` queries from a GPU and its libraries.
namespace mambasynth::gpu {

/// Creates a context on GPU `number`, because a trial needs that to work.
Card inspect_card(int number);

struct Software {
  int driver_cuda = 0, runtime_cuda = 0;  ///< 13000 is CUDA 13.0
  std::string nccl, no_nccl;              ///< version, or why the library cannot be loaded
};
Software software();

}  // namespace mambasynth::gpu
