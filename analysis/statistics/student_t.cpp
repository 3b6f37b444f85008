#include "analysis/statistics/student_t.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <cmath>

namespace mambasynth::analysis::statistics {

double central_quantile(double p, std::int64_t freedom) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(freedom)), (1 + p) / 2);
}

double interval_quantile(std::int64_t freedom) { return central_quantile(0.95, freedom); }

double two_sided_p(double t, std::int64_t freedom) {
  if (std::isnan(t)) return t;
  return 2 * cdf(complement(boost::math::students_t(static_cast<double>(freedom)), std::abs(t)));
}

}  // namespace mambasynth::analysis::statistics
