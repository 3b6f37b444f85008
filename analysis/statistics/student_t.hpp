#pragma once

#include <cstdint>

namespace mambasynth::analysis::statistics {

/// P(|T| <= t) for Student's t with `freedom` >= 1 degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4).
double central_probability(double t, std::int64_t freedom);
/// The t with central_probability(t, freedom) = p, 0 < p < 1.
double central_quantile(double p, std::int64_t freedom);
/// The t of two-sided 95 % confidence intervals.
double interval_quantile(std::int64_t freedom);

}  // namespace mambasynth::analysis::statistics
