#include "analysis/statistics/student_t.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <cmath>
#include <unordered_map>

namespace mambasynth::analysis::statistics {

double central_quantile(double p, std::int64_t freedom) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(freedom)), (1 + p) / 2);
}

double interval_quantile(std::int64_t freedom) {
  // A table has a million intervals of a few sizes, and a quantile takes a microsecond.
  thread_local std::unordered_map<std::int64_t, double> known;
  auto const [at, is_new] = known.try_emplace(freedom);
  if (is_new) at->second = central_quantile(0.95, freedom);
  return at->second;
}

double two_sided_p(double t, std::int64_t freedom) {
  if (std::isnan(t)) return t;
  return 2 * cdf(complement(boost::math::students_t(static_cast<double>(freedom)), std::abs(t)));
}

}  // namespace mambasynth::analysis::statistics
