#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "config/config.hpp"
#include "model/mixer.hpp"
#include "train/philox_stream.hpp"

// axes: b batch, t time step, c channel
namespace mambasynth::train {

/// Windows as the network sees them, and the targets that it is to predict; each (b, t, c).
struct AugmentedWindows {
  at::Tensor input, target;
};

/// The original's augmentations of training windows, in its order: one rotation Q per batch, x Q^T; one factor per
/// window, uniform on [1 - aug_scale, 1 + aug_scale]; both applied to input and target; then noise of standard
/// deviation aug_noise on the input alone. `key` has the step and the number of the first window in the whole batch.
/// Without any augmentation, both are x itself.
AugmentedWindows augmented(config::Train const& train, at::Tensor const& x, model::DropoutKey const& key);

/// Q (c, c) fp64, orthogonal, the same for the whole batch of a step: the QR factor of a standard normal matrix M with
/// LAPACK's signs (so not Haar-distributed, like the original's), or exp(eps (M - M^T) / 2) for aug_rotate_eps > 0.
at::Tensor rotation(config::Train const& train, std::int64_t channels, PhiloxStream const& draws);

/// (count) fp64 factors of windows first, first + 1, ... of the whole batch.
at::Tensor scales(config::Train const& train, std::int64_t first, std::int64_t count, PhiloxStream const& draws);

}  // namespace mambasynth::train
