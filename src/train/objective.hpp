#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "model/network.hpp"
#include "train/draws.hpp"

// axes: b batch, t time step, c channel, f feature (d_model)
namespace mambasynth::train {

/// What a training minimises.
class Objective {
 public:
  virtual ~Objective() = default;
  Objective(Objective const&) = delete;
  Objective& operator=(Objective const&) = delete;

  /// The loss of windows x (b, t, c), in the graph. A batch may come in parts, on several ranks: the loss is a mean
  /// over the windows, so that the parts' losses, each weighted by its share of the windows, add up to the batch's. All
  /// random numbers follow from `draw`: seed, step, and the number of x's first window in the whole batch.
  [[nodiscard]] virtual at::Tensor loss(model::Network const& network, at::Tensor const& x,
                                        model::DropoutDraw const& draw) const = 0;

 protected:
  Objective() = default;
};

/// The objective of a configuration: prediction of augmented windows (augment.hpp), plus slowness_lambda times
/// slowness(), plus contrastive_lambda times contrastive(). Without any of these, model::prediction_loss to the bit.
std::unique_ptr<Objective> objective_of(config::Train const& train);

/// Mean over the layers of the mean of (h_t - h_(t-1))^2 over all elements. `layers`: residual stream after each layer,
/// (b, t, f), t >= 2.
at::Tensor slowness(std::vector<at::Tensor> const& layers);

/// Lengths below it are taken for it.
inline constexpr double least_norm = 1e-12;

/// Mean over the layers of InfoNCE (van den Oord et al. 2018, arXiv:1807.03748, eq. 4) between steps: with u = h / |h|
/// (|h| at least least_norm), cross-entropy of u_t u_(t+1) / temperature against it and u_t u_j / temperature for each
/// j of the layer's `negatives` (k), rows b t_max + t of the batch, the same for all steps; averaged over all steps
/// that have a next. A negative may be the next step itself, and gradients flow through negatives.
at::Tensor contrastive(std::vector<at::Tensor> const& layers, std::vector<at::Tensor> const& negatives,
                       double temperature);

/// `count` rows out of `rows` for each layer, with replacement.
std::vector<at::Tensor> drawn_negatives(std::size_t layers, std::int64_t count, std::int64_t rows, Draws const& draws);

/// Refuses, before anything is allocated, what cannot be trained so: errors::usage. The contrastive loss draws its
/// negatives from a whole batch, so that ranks that share batches would need each other's hidden states.
void require_trainable(config::Train const& train, std::int64_t ranks);

}  // namespace mambasynth::train
