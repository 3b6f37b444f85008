#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::series {

/// The steps of a series: one segment, or the trials of a recording, all equally long, one after the other. No window
/// crosses the border of a segment.
struct Segments {
  Segments(std::int64_t all_steps, std::int64_t segments = 1)  // NOLINT: most series have one
      : steps(all_steps), count(segments) {}
  std::int64_t steps, count;
  [[nodiscard]] std::int64_t length() const { return steps / count; }
};

/// Starts 0, stride, 2 stride, ... <= length - seq_len from the first step of each segment.
/// Errors: errors::input if a segment is shorter than a window.
std::vector<std::int64_t> window_starts(Segments const& series, std::int64_t seq_len, std::int64_t stride);

/// First steps of the training and validation windows, each in its unshuffled order.
struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> validation;
};

/// The original's split: a random permutation of all windows, the last max(1, int(val_fraction * windows)) of it are
/// validation; overlapping windows leak data from one part into the other. Errors: errors::input (series shorter than a
/// window), errors::usage (no window left for training).
Split split_random(Segments const& series, std::int64_t seq_len, std::int64_t stride, double val_fraction,
                   std::int64_t seed);

/// Validation is the last floor(val_fraction * n_steps) steps, training everything before a gap of exactly seq_len
/// steps; windows start at multiples of stride from each part's first step. Of several segments, validation is the last
/// max(1, floor(val_fraction * count)), training the others, without a gap. Errors: errors::input (series shorter than
/// a window), errors::usage (a part without a window).
Split split_blocked(Segments const& series, std::int64_t seq_len, std::int64_t stride, double val_fraction);

/// A series whose end is held out for test.
struct HeldOut {
  Segments development;            ///< for training and validation: the steps from 0
  std::vector<std::int64_t> test;  ///< first steps of the windows, without overlap
};
/// Test is the last floor(fraction * n_steps) steps, development everything before a gap of exactly seq_len steps; of
/// several segments, the last max(1, floor(fraction * count)), without a gap. No test for fraction 0. Errors:
/// errors::input (a segment shorter than a window), errors::usage (no test window, or nothing left).
HeldOut hold_out(Segments const& series, std::int64_t seq_len, double fraction);

}  // namespace mambasynth::series
