#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oracle/hidden_process.hpp"

/// What a series does in the terms of the generator's process: circles visited, dwell, transitions, failures.
namespace mambasynth::dynamics {

/// Where a series is, step by step: the circle and the step of its revolution.
struct Path {
  std::vector<std::int64_t> circle, position;
};

/// The most probable path (Viterbi) of a process that is laxer than the generator's, so that what a network does can be
/// told even where the generator could not have done it: the exact filter knows neither a visit that outlasts its dwell
/// law nor a clock that slips, and from then on names circles that nobody sees. Taken over from the process are the
/// circles, their periods and the noise. Each step moves on by one position; or, at a price, by none or two (a slip);
/// or from anywhere to the start of a visit of any circle, at the price of the process's mean rate of switches; or to
/// any position, dearer still. Transitions that the process forbids cost no more than others: they are to be counted.
///
/// Observations are taken for independent. A series without noise (generation at temperature 0) is decoded as well as
/// one with, but the network's errors persist from step to step, so that the path is less sure than the model believes;
/// the noise assumed is at least a tenth of the mean radius for that reason.
class Decoder {
 public:
  /// Keeps a reference to `hidden`.
  explicit Decoder(oracle::HiddenProcess const& hidden);

  /// x: (steps, d). Where `ignored` (steps, or empty) is not 0, and where x is not finite or absurdly large, the step
  /// says nothing; the path goes on through it. Starts anywhere. Memory: at most about 64 MiB beside the path; what
  /// takes more is decoded in pieces, each with a look ahead.
  [[nodiscard]] Path decode(std::span<float const> x, std::span<char const> ignored = {}) const;

 private:
  struct Work;
  void step(Work& work, float const* x, bool first) const;

  oracle::HiddenProcess const& hidden_;
  std::vector<std::int32_t> circle_of_;  // (positions)
  double sharpness_, enter_, anywhere_;
};

}  // namespace mambasynth::dynamics
