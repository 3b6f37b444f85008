#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/statistics/axis_scale.hpp"
#include "analysis/statistics/interval.hpp"

namespace mambasynth::analysis::statistics {

/// How a measure changes along an ordered axis.
struct Trend {
  AxisScale scale;
  std::int64_t cells = 0;     ///< values of the axis, those set apart included
  std::int64_t left_out = 0;  ///< seeds without a value at some of them
  /// Least-squares slope of each seed, averaged over seeds, with Student's interval over seeds: per unit of the axis,
  /// or per factor of ten where the scale is logarithmic. Values set apart do not count. (Two stages; Matthews et al.
  /// 1990, BMJ 300:230, on summary measures.)
  Interval slope = {};
  /// Of the cells' means with the axis, which takes in values set apart. Its interval resamples seeds, and takes
  /// percentiles: coarse, because few cells have few orders.
  double spearman = undefined, spearman_low = undefined, spearman_high = undefined;
};

/// `of_seed` holds a value of each seed at each of the axis' distinct values x; NaN where it is missing. Only seeds
/// that have all of them count: slopes over different parts of a curve are not comparable.
Trend trend_of(std::span<double const> x, std::span<std::vector<double> const> of_seed);

}  // namespace mambasynth::analysis::statistics
