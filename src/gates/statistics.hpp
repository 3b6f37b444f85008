#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/network.hpp"
#include "model/predictor.hpp"

namespace mambasynth::gates {

/// An average and its standard error, each (layer, bin).
struct Averages {
  std::vector<double> value, standard_error;
};

/// Averages over the steps of each bin, one column per bin. Standard errors take windows as blocks (a linearized ratio
/// of sums over blocks), because steps within a window are far from independent; NaN with fewer than two windows.
struct Table {
  std::vector<std::int64_t> steps;  ///< (bin), number averaged over; a bin without steps is NaN
  Averages delta;                   ///< mean over inner channels
  Averages memory;                  ///< 1 / (delta |A|) in steps, mean over inner channels and states
  Averages memory_geometric;  ///< the same, geometric mean over channels, states and steps: typical, not dominated by
                              ///< the longest
};

/// The columns of Statistics::by_condition.
enum class Condition : std::size_t { all, away, before, at_switch, after, at_return };
inline constexpr std::size_t condition_count = 6;
constexpr std::size_t column_of(Condition condition) { return static_cast<std::size_t>(condition); }

/// Visits begin and end at the circle's entry angle, so the steps around a switch differ from others not only by the
/// switch but also in phase. Returns to the entry angle within a visit, with no switch near, are the control. Circles
/// of short periods return more often than they are entered, so the two still differ in the mix of circles.
struct Statistics {
  std::int64_t layers = 0, windows = 0, skip = 0, around = 0;
  /// all; with circles also: switch (first step of a visit), before and after (up to `around` steps from it), away
  /// (farther than that from every switch), return (first step of a revolution, away from switches).
  std::vector<std::string> conditions;
  Table by_condition;   ///< one bin per condition
  Table around_switch;  ///< one bin per offset, -around to around; no bins without circles
  Table around_return;  ///< likewise, for steps away from switches; bins are empty if periods are unknown

  [[nodiscard]] std::int64_t offsets() const { return static_cast<std::int64_t>(around_switch.steps.size()); }
};

struct StatisticsShape {
  std::int64_t seq_len, skip, around;
};

/// What is known about the path of the series; empty if unknown.
struct Course {
  std::span<std::int64_t const> circle;       ///< (time)
  std::span<std::int64_t const> period = {};  ///< (circle), steps per revolution
};

/// Over all windows of seq_len steps from step 0, without overlap and without their first `skip` steps. A switch or
/// return counts in the window that contains it, so that the network has seen it. series (time, channel) fp32.
/// `weights` gives A = -exp(A_log); `network` computes on its device. Errors: errors::input (series shorter than a
/// window), errors::usage (skip leaves no step).
Statistics gate_statistics(model::Predictor const& network, model::Network const& weights, at::Tensor const& series,
                           Course const& course, StatisticsShape const& shape);

}  // namespace mambasynth::gates
