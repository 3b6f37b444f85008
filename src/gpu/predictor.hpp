#pragma once

#include <memory>

#include "model/network.hpp"

namespace mambasynth::gpu {

/// The network's forward in fp32 (never TF32) on the current GPU, with a copy of its current weights.
std::unique_ptr<model::Predictor> predictor(model::Network const& network);

}  // namespace mambasynth::gpu
