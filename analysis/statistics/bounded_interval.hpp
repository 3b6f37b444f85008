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

/// The interval of the mean of values between bounds, which stays between them: Student's on a scale g that ends
/// nowhere, g(mean) +- t g'(mean) sd / sqrt(n), mapped back (delta method; van der Vaart 1998, Asymptotic Statistics,
/// section 3.1). g is log(x - low), -log(high - x), or the logit log((x - low) / (high - x)). It contains the mean, and
/// values may lie on a bound. Of five accuracies scattered around 0.97 with an sd of 0.017 it covers 94.7 %, Student's
/// own 92.9 %. The mean of transformed values would be that of another quantity: of thirty, its interval covers 73 %.
/// Values outside the bounds belong to another quantity, and get Student's own.
Interval bounded_interval(std::span<double const> values, Bounds const& bounds);

}  // namespace mambasynth::analysis::statistics
