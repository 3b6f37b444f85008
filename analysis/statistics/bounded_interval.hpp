#pragma once

#include <limits>
#include <span>

#include "analysis/statistics/interval.hpp"

namespace mambasynth::analysis::statistics {

/// The range of a quantity, ends included: accuracy has 0 and 1, R² has 1 above only. Infinite: no bound.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// The interval of values between bounds, which stays between them: Student's, computed on a scale that ends nowhere
/// and mapped back. The scale is log(x - low), -log(high - x), or the logit log((x - low) / (high - x)); mean and sd
/// are those of the values themselves. Cf. Efron & Tibshirani 1993, An Introduction to the Bootstrap, section 12.6.
/// Where that fails, because a value lies on a bound or the mean outside the mapped interval, it is the values' own
/// Student interval, clipped at the bounds and marked so if that cut anything off.
Interval bounded_interval(std::span<double const> values, Bounds const& bounds);

}  // namespace mambasynth::analysis::statistics
