#pragma once

#include <cstdint>
#include <span>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::statistics {

/// What the values show of their spread. Equal values have no interval: "± 0" would claim certainty.
enum class Spread {
  estimated,
  no_value,
  one_value,    ///< one seed
  equal_values  ///< the same in all trials, e.g. a property of data that all seeds share
};

/// The center of some values, usually one per seed, with its 95 % confidence interval. NaN where undefined: all numbers
/// without values; sd and interval of a single value; the interval of equal values.
struct Interval {
  std::int64_t n = 0;
  double mean = undefined;  ///< the interquartile mean if the interval is of that
  double sd = undefined, low = undefined, high = undefined;
  Spread spread = Spread::estimated;
};

/// By Student's t; exact for independent normal values. Student 1908, Biometrika 6:1.
Interval interval_of(std::span<double const> values);

/// Mean, sd and spread; low and high stay NaN.
Interval moments_of(std::span<double const> values);

}  // namespace mambasynth::analysis::statistics
