#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/network.hpp"
#include "train/losses/loss.hpp"

namespace mambasynth::train::losses {

// To add a loss: its class in a .hpp and .cpp here (and a kernel in kernels/, if LibTorch's operations are too slow), a
// line in its table in losses.cpp, the key of its weight in config/train.hpp, and the .cpp in CMakeLists.txt.
// tests/train/losses_test.cpp then compares its closed form with autograd; both devices train it.

/// The terms of an objective: one loss of the predictions, and the auxiliary losses whose weight is not 0, in the order
/// of the table.
struct Losses {
  std::unique_ptr<PredictionLoss const> prediction;
  std::vector<std::unique_ptr<AuxiliaryLoss const>> auxiliary;
};
Losses losses_of(config::Train const& train);

/// Whether one of them needs a process in which no other trial trains.
bool needs_own_process(config::Train const& train);

/// An auxiliary loss's entry in the table: the key of its weight (0 leaves it out), and how to make it.
struct AuxiliaryEntry {
  double config::Train::* weight;
  std::unique_ptr<AuxiliaryLoss const> (*make)(double weight, config::Train const& train);

  /// The name of the key in [train].
  [[nodiscard]] std::string_view key() const;
};
/// All auxiliary losses.
std::span<AuxiliaryEntry const> auxiliary_losses();

/// Makes a loss of the predictions.
using MakePredictionLoss = std::unique_ptr<PredictionLoss const> (*)(config::Train const& train);
/// Every loss of the predictions that there is. The first one is trained: no key chooses among them yet.
std::span<MakePredictionLoss const> prediction_losses();

/// `windows`: of a whole batch.
BatchShape batch_shape(model::Network const& network, std::int64_t windows, std::int64_t time);

}  // namespace mambasynth::train::losses
