#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::series {

/// Starts 0, stride, 2 stride, ... <= n_steps - seq_len.
/// Errors: errors::input if the series is shorter than a window.
std::vector<std::int64_t> window_starts(std::int64_t n_steps, std::int64_t seq_len, std::int64_t stride);

/// First steps of the training and validation windows, each in its unshuffled order.
struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> validation;
};

/// The original's split: a random permutation of all windows, the last max(1, int(val_fraction * windows)) of it are
/// validation; overlapping windows leak data from one part into the other. Errors: errors::input (series shorter than a
/// window), errors::usage (no window left for training).
Split split_random(std::int64_t n_steps, std::int64_t seq_len, std::int64_t stride, double val_fraction,
                   std::int64_t seed);

/// Validation is the last floor(val_fraction * n_steps) steps, training everything before a gap of exactly seq_len
/// steps; windows start at multiples of stride from each part's first step. Errors: errors::input (series shorter than
/// a window), errors::usage (a part without a window).
Split split_blocked(std::int64_t n_steps, std::int64_t seq_len, std::int64_t stride, double val_fraction);

}  // namespace mambasynth::series
