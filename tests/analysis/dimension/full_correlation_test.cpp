#include "analysis/dimension/full_correlation.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include "analysis/statistics/incomplete_beta.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Approx;

namespace {

/// A normal cloud of `inside` dimensions, turned into `outside` by a random linear map.
std::vector<double> flat_patch(std::uint64_t seed, std::int64_t points, std::int64_t inside, std::int64_t outside) {
  random::NumpyGenerator random(seed);
  std::vector<double> map(static_cast<std::size_t>(inside * outside)), rows(static_cast<std::size_t>(points * outside));
  random.fill_normal(map);
  for (std::int64_t i = 0; i < points; ++i) {
    for (std::int64_t a = 0; a < inside; ++a) {
      auto const value = random.normal();
      for (std::int64_t c = 0; c < outside; ++c)
        rows[static_cast<std::size_t>(i * outside + c)] += value * map[static_cast<std::size_t>(a * outside + c)];
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("the regularized incomplete beta function has known values") {
  using analysis::statistics::regularized_beta;
  CHECK(regularized_beta(1, 1, 0.3) == Approx(0.3).epsilon(1e-14));
  CHECK(regularized_beta(0.5, 0.5, 0.25) == Approx(1.0 / 3).epsilon(1e-13));
  CHECK(regularized_beta(2, 3, 0.4) == Approx(0.5248).epsilon(1e-13));  // 12 (x^2/2 - 2x^3/3 + x^4/4)
  CHECK(regularized_beta(20, 0.5, 0.99) == Approx(1 - regularized_beta(0.5, 20, 0.01)).epsilon(1e-13));
}

TEST_CASE("the correlation integral of a sphere has known values") {
  // d = 3: cosines are uniform, so the share nearer than r is r^2 / 4. d = 2: angles are.
  CHECK(analysis::dimension::sphere_correlation(1, 3) == Approx(0.25));
  CHECK(analysis::dimension::sphere_correlation(1.6, 3) == Approx(0.64));
  CHECK(analysis::dimension::sphere_correlation(1, 2) == Approx(1.0 / 3));
  for (double const d : {1.5, 5.0, 40.0, 900.0})
    CHECK(analysis::dimension::sphere_correlation(std::sqrt(2), d) == Approx(0.5));
}

TEST_CASE("the full correlation integral finds dimensions above ten from few points") {
  // Isotropic, so the model holds; 300 points are far from enough for neighbors (2^30 would be few).
  for (std::int64_t const d : {5, 15, 30, 60}) {
    random::NumpyGenerator random(static_cast<std::uint64_t>(d));
    std::vector<double> rows(static_cast<std::size_t>(300 * d));
    random.fill_normal(rows);
    auto const fit = analysis::dimension::full_correlation_dimension(rows, 300, d);
    CHECK(fit.dimension == Approx(static_cast<double>(d)).epsilon(0.05));
    CHECK(fit.residual < 0.02);
  }
}

TEST_CASE("the local dimension is measured around centers, by size of neighborhood") {
  auto const rows = flat_patch(3, 1500, 15, 60);
  auto const found =
      analysis::dimension::local_correlation_dimension(rows, 1500, 60, {0, 100, 200, 300, 400}, {100, 400, 5000});
  REQUIRE(found.k == std::vector<std::int64_t>{100, 400});  // there are fewer than 5000 points
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(found.dimension[i] > 9);
    CHECK(found.dimension[i] < 16);  // a random map is not isotropic
    CHECK(found.se[i] > 0);
    CHECK(found.se[i] < 1);
  }
}

TEST_CASE("a patch without extent has no dimension") {
  CHECK(std::isnan(analysis::dimension::full_correlation_dimension(std::vector<double>(50 * 3, 1.0), 50, 3).dimension));
  CHECK(std::isnan(analysis::dimension::full_correlation_dimension(std::vector<double>{1, 2, 3, 4}, 2, 2).dimension));
}
