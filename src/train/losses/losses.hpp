#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/network.hpp"
#include "train/losses/loss.hpp"

namespace mambasynth::train::losses {

// To add an auxiliary loss: its class in a .hpp and .cpp here (and a kernel in kernels/, if LibTorch's operations are
// too slow), a line in the table of losses.cpp, the key of its weight in config/train.hpp, and the .cpp in
// CMakeLists.txt. tests/train/losses_test.cpp then compares its closed form with autograd; both devices train it.

/// The terms of an objective: one loss of the predictions, and the auxiliary losses whose weight is not 0, in the order
/// of the table.
struct Losses {
  std::unique_ptr<PredictionLoss const> prediction;
  std::vector<std::unique_ptr<AuxiliaryLoss const>> auxiliary;
};
Losses losses_of(config::Train const& train);

/// A loss's entry in the table: the key of its weight (0 leaves it out), and how to make it.
struct AuxiliaryEntry {
  double config::Train::* weight;
  std::unique_ptr<AuxiliaryLoss const> (*make)(double weight, config::Train const& train);
};
/// All auxiliary losses.
std::span<AuxiliaryEntry const> auxiliary_losses();

/// `windows`: of a whole batch.
BatchShape batch_shape(model::Network const& network, std::int64_t windows, std::int64_t time);

}  // namespace mambasynth::train::losses
