#include "analysis/statistics/trend.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

#include "analysis/statistics/spearman.hpp"

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
std::vector<double> const factors{0, 0.01, 0.1, 1};
std::vector<std::vector<double>> const errors{
    {0.1143, 0.1137, 0.1063, 0.0983}, {0.115, 0.113, 0.107, 0.099}, {0.114, 0.1141, 0.105, 0.097}};

}  // namespace

// scipy.stats.linregress of each seed on log10 of the factors other than 0, and t.interval of the slopes.
TEST_CASE("a trend over factors of ten, 0 set apart") {
  auto const trend = trend_of(factors, errors);
  CHECK(trend.scale.logarithmic);
  CHECK(trend.scale.apart == std::vector{0.0});
  CHECK(trend.cells == 4);
  CHECK(trend.left_out == 0);
  CHECK(trend.slope.n == 3);
  CHECK(trend.slope.mean == Approx(-0.00775).epsilon(1e-10));
  CHECK(trend.slope.low == Approx(-0.00967820939033898).epsilon(1e-10));
  CHECK(trend.slope.high == Approx(-0.005821790609661015).epsilon(1e-10));
  CHECK(trend.spearman == Approx(-1));  // of all four cells
  CHECK(trend.spearman_low == Approx(-1));
  // Resamples of the third seed alone, 1 in 27, swap the first two cells.
  CHECK(trend.spearman_high == Approx(-0.8));
}

TEST_CASE("a seed that lacks a cell is left out of the trend") {
  auto seeds = errors;
  seeds.push_back({missing, 0.2, 0.3, 0.4});
  auto const trend = trend_of(factors, seeds);
  CHECK(trend.left_out == 1);
  CHECK(trend.slope.n == 3);
  CHECK(trend.slope.mean == Approx(-0.00775).epsilon(1e-10));

  auto const none = trend_of(factors, std::vector<std::vector<double>>{{missing, 1, 2, 3}, {1, 2, 3, missing}});
  CHECK(none.left_out == 2);
  CHECK(none.slope.n == 0);
  CHECK(std::isnan(none.spearman));
}

TEST_CASE("one seed has a slope and no interval; a flat measure has no rank correlation") {
  auto const one = trend_of(std::vector{1.0, 2.0, 3.0}, std::vector<std::vector<double>>{{2, 4, 6}});
  CHECK_FALSE(one.scale.logarithmic);
  CHECK(one.slope.mean == Approx(2));
  CHECK(std::isnan(one.slope.low));
  CHECK(one.spearman == 1);
  CHECK(std::isnan(one.spearman_low));

  auto const flat = trend_of(std::vector{1.0, 2.0, 3.0}, std::vector<std::vector<double>>{{5, 5, 5}, {5, 5, 5}});
  CHECK(flat.slope.mean == 0);
  CHECK(flat.slope.spread == Spread::equal_values);
  CHECK(std::isnan(flat.spearman));
  CHECK(trend_of({}, {}).cells == 0);
}

// scipy.stats.spearmanr
TEST_CASE("Spearman's correlation with ties") {
  CHECK(spearman(std::vector{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, std::vector{2.0, 1.0, 4.0, 4.0, 7.0, 5.0}) ==
        Approx(0.8696565534786727).epsilon(1e-14));
  CHECK(spearman(std::vector{1.0, 2.0, 3.0}, std::vector{9.0, 8.0, 7.0}) == -1);
  CHECK(std::isnan(spearman(std::vector{1.0, 2.0}, std::vector{1.0, 2.0})));
  CHECK(std::isnan(spearman(std::vector{1.0, 1.0, 1.0}, std::vector{1.0, 2.0, 3.0})));
}
