#include "analysis/statistics/bootstrap_interval.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

#include "analysis/statistics/resamples.hpp"

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

namespace {

std::vector<double> const skewed{1, 1.2, 1.5, 2.1, 3.3, 9.7};
std::vector<double> const twelve{0.448, 0.266, 0.78, 1.523, 3.114, 1.116, 0.575, 0.456, 2.114, 5.128, 1.314, 0.291};

}  // namespace

TEST_CASE("resamples of few values are all there, each as probable as it is") {
  for (std::size_t n = 1; n <= most_enumerated; ++n) {
    double all = 0, expected = 0, first_only = 0;
    int visited = 0;
    visit_resamples(n, [&](auto const& counts, double probability) {
      ++visited;
      all += probability;
      expected += probability * counts[0];
      if (counts[0] == static_cast<std::int32_t>(n)) first_only = probability;
    });
    CAPTURE(n);
    CHECK(all == Approx(1).epsilon(1e-12));
    CHECK(expected == Approx(1).epsilon(1e-12));
    CHECK(first_only == Approx(std::pow(static_cast<double>(n), -static_cast<double>(n))));
    if (n == 5) CHECK(visited == 126);  // 9 choose 5
  }
}

// Python's itertools.product over all 6^6 resamples; scipy.stats.bootstrap with 400,000 for twelve values.
TEST_CASE("the BCa interval of the mean") {
  auto const exact = bca_interval(skewed);
  CHECK(exact.mean == Approx(18.8 / 6));
  CHECK(exact.low == Approx(1.5666666666666664).epsilon(1e-12));
  CHECK(exact.high == Approx(7.216666666666666).epsilon(1e-12));

  constexpr double drawing = 0.02;  // 10,000 resamples: percentiles scatter by 0.2 %, values by about 1 %
  auto const drawn = bca_interval(twelve);
  CHECK(drawn.low == Approx(0.8506666666666665).epsilon(drawing));
  CHECK(drawn.high == Approx(2.5641816016134302).epsilon(drawing));
  CHECK(bca_interval(twelve).low == drawn.low);
}

TEST_CASE("the bootstrap of two values ends at them, that of equal ones and one does not exist") {
  auto const two = bca_interval(std::vector{1.0, 2.0});
  CHECK(two.low == 1);
  CHECK(two.high == 2);
  CHECK(bca_interval(std::vector{3.0, 3.0}).spread == Spread::equal_values);
  CHECK(std::isnan(bca_interval(std::vector{3.0, 3.0}).low));
  CHECK(bca_interval(std::vector{3.0}).spread == Spread::one_value);
  CHECK(bca_interval({}).spread == Spread::no_value);
}

// scipy.stats.trim_mean(x, 0.25) of all 6^6 resamples, and of 400,000.
TEST_CASE("the interval of the interquartile mean") {
  CHECK(interquartile_mean(skewed) == Approx(2.025));
  CHECK(interquartile_mean(twelve) == Approx(0.9606666666666666));
  CHECK(interquartile_mean(std::vector{1.0, 5.0, 3.0}) == 3);
  CHECK(std::isnan(interquartile_mean({})));

  auto const exact = iqm_interval({&skewed, 1});
  CHECK(exact.mean == Approx(2.025));
  CHECK(exact.low == Approx(1.175));
  CHECK(exact.high == Approx(6.05));

  auto const drawn = iqm_interval({&twelve, 1});
  CHECK(drawn.low == Approx(0.5023333333333334).epsilon(0.03));
  CHECK(drawn.high == Approx(1.9479999999999997).epsilon(0.03));

  std::vector<std::vector<double>> const strata{{twelve.begin(), twelve.begin() + 5},
                                                {twelve.begin() + 5, twelve.end()}};
  auto const stratified = iqm_interval(strata);
  CHECK(stratified.n == 12);
  CHECK(stratified.mean == drawn.mean);
  CHECK(stratified.low == Approx(0.5023333333333334).epsilon(0.03));
  CHECK(stratified.high == Approx(1.925).epsilon(0.03));
}

TEST_CASE("strata keep their shares") {
  // Resamples of each stratum are all alike, so every resample has the same interquartile mean.
  std::vector<std::vector<double>> const strata{{1, 1, 1}, {2, 2, 2}};
  auto const interval = iqm_interval(strata);
  CHECK(interval.low == 1.5);
  CHECK(interval.high == 1.5);
}
