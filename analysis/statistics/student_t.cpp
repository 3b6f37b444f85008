#include "analysis/statistics/student_t.hpp"

#include <boost/math/distributions/students_t.hpp>

namespace mambasynth::analysis::statistics {

double central_quantile(double p, std::int64_t freedom) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(freedom)), (1 + p) / 2);
}

double interval_quantile(std::int64_t freedom) { return central_quantile(0.95, freedom); }

}  // namespace mambasynth::analysis::statistics
