#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/hidden_process.hpp"

/// Describes a series in terms of the generator's process: circles visited, dwell times, transitions, failures.
namespace mambasynth::dynamics {

/// The path of a series: at each step, the circle and the step of the revolution.
struct Path {
  std::vector<std::int64_t> circle, position;
};

/// The most probable path (Viterbi) of a process with looser rules than the generator's, so that the behavior of a
/// network can be described even where the generator could not have produced it. (The exact filter allows neither a
/// visit longer than its dwell-time distribution nor a phase that slips, and afterwards reports circles that are not
/// visited.) Circles, periods and noise are those of the process. Each step advances by one position; or, at a cost, by
/// none or two (a slip); or jumps from anywhere to the start of a visit to any circle, at the cost of the process's
/// mean switch rate; or, at a still higher cost, to any position. Transitions that the process forbids cost no more
/// than others, so that they can be counted.
///
/// Observations are assumed independent. A series without noise (generation at temperature 0) is decoded as well as a
/// noisy one, but the network's errors persist from step to step, so the path is less certain than the model implies.
/// For that reason the assumed noise is at least a tenth of the mean radius.
class Decoder {
 public:
  /// Keeps a reference to `hidden`.
  explicit Decoder(oracle::HiddenProcess const& hidden);

  /// x: (steps, d). A step whose `ignored` (steps, or empty) is not 0, or whose x is not finite or absurdly large,
  /// carries no evidence; the path continues through it. The path starts anywhere. Memory: at most about 64 MiB in
  /// addition to the path; longer series are decoded in pieces with look-ahead.
  [[nodiscard]] Path decode(std::span<float const> x, std::span<char const> ignored = {}) const;

 private:
  struct Work;
  void step(Work& work, float const* x, bool first) const;

  oracle::HiddenProcess const& hidden_;
  std::vector<std::int32_t> circle_of_;  // (positions)
  double sharpness_, enter_, anywhere_;
};

}  // namespace mambasynth::dynamics
