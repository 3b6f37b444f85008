#pragma once

#include <cstdint>
#include <span>

namespace mambasynth::collate {

/// Mean over seeds with its 95 % confidence interval by Student's t; NaN where undefined: all of them without values,
/// sd and interval with one value.
struct Interval {
  std::int64_t n = 0;
  double mean, sd, low, high;
};
Interval interval_of(std::span<double const> values);

/// P(|T| <= t) for Student's t with `freedom` >= 1 degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4).
double central_probability(double t, std::int64_t freedom);
/// The t with central_probability(t, freedom) = p, 0 < p < 1.
double central_quantile(double p, std::int64_t freedom);

}  // namespace mambasynth::collate
