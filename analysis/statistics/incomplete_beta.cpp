#include "analysis/statistics/incomplete_beta.hpp"

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>

namespace mambasynth::analysis::statistics {

double regularized_beta(double a, double b, double x) {
  namespace policies = boost::math::policies;
  // In double: long double, Boost's default, takes five times as long. No exceptions: NaN stands for a patch that
  // cannot be fitted, and callers run on threads.
  using InDouble = policies::policy<policies::promote_double<false>, policies::domain_error<policies::ignore_error>,
                                    policies::overflow_error<policies::ignore_error>,
                                    policies::evaluation_error<policies::ignore_error>>;
  return boost::math::ibeta(a, b, x, InDouble());
}

}  // namespace mambasynth::analysis::statistics
