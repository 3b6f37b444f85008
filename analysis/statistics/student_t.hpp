#pragma once

#include <cstdint>

namespace mambasynth::analysis::statistics {

/// The t with P(|T| <= t) = p for Student's t with `freedom` >= 1 degrees of freedom, 0 < p < 1.
double central_quantile(double p, std::int64_t freedom);
/// The t of two-sided 95 % confidence intervals.
double interval_quantile(std::int64_t freedom);
/// The p of a two-sided test: P(|T| >= |t|). NaN in, NaN out.
double two_sided_p(double t, std::int64_t freedom);

}  // namespace mambasynth::analysis::statistics
