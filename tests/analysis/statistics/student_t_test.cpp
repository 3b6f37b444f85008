#include "analysis/statistics/student_t.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

TEST_CASE("quantiles of Student's t match the tables") {
  // Two-sided 95 %, from the incomplete beta function in 30 digits.
  CHECK(central_quantile(0.95, 1) == Approx(12.7062047361747046).epsilon(1e-12));
  CHECK(central_quantile(0.95, 2) == Approx(4.30265272974946385).epsilon(1e-12));
  CHECK(central_quantile(0.95, 3) == Approx(3.18244630528370959).epsilon(1e-12));
  CHECK(central_quantile(0.95, 4) == Approx(2.77644510519779436).epsilon(1e-12));
  CHECK(central_quantile(0.95, 9) == Approx(2.26215716279820554).epsilon(1e-12));
  CHECK(central_quantile(0.95, 100) == Approx(1.98397151852355229).epsilon(1e-12));
  CHECK(interval_quantile(9) == central_quantile(0.95, 9));
  CHECK(central_quantile(0.5, 1) == Approx(1).epsilon(1e-12));
}
