#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "config/config.hpp"
#include "model/network.hpp"

// axes: b window, t time step, c channel
namespace mambasynth::train {

/// What a training minimizes.
class Objective {
 public:
  virtual ~Objective() = default;
  Objective(Objective const&) = delete;
  Objective& operator=(Objective const&) = delete;

  /// The loss of windows x (b, t, c), in the graph. A batch may come in parts, on several ranks: the loss is a mean
  /// over the windows, so that the parts' losses, each weighted by its share of the windows, add up to the batch's. All
  /// random numbers follow from `key`: seed, step, and the number of x's first window in the whole batch.
  [[nodiscard]] virtual at::Tensor loss(model::Network const& network, at::Tensor const& x,
                                        model::DropoutKey const& key) const = 0;

 protected:
  Objective() = default;
};

/// The objective of a configuration: the losses of losses/losses.hpp, each times its weight, on augmented windows
/// (augment.hpp). Without augmentations and auxiliary losses, it equals losses::MeanSquaredError bit for bit.
std::unique_ptr<Objective> objective_of(config::Train const& train);

/// Checks, before anything is allocated, that `ranks` ranks can train this objective. Errors: errors::usage for a loss
/// that takes a whole batch: ranks that share batches would need each other's hidden states.
void require_trainable(config::Train const& train, std::int64_t ranks);

}  // namespace mambasynth::train
