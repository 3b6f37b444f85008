#include "analysis/statistics/interval.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

TEST_CASE("an interval over seeds") {
  std::vector<double> const values = {1, 2, 3, 4};
  auto const four = interval_of(values);
  CHECK(four.n == 4);
  CHECK(four.mean == 2.5);
  CHECK(four.sd == Approx(std::sqrt(5.0 / 3)));
  CHECK(four.high - four.mean == Approx(3.18244630528370959 * std::sqrt(5.0 / 12)));
  CHECK(four.mean - four.low == Approx(four.high - four.mean));
  CHECK(four.spread == Spread::estimated);

  // scipy.stats.t.interval
  auto const errors = interval_of(std::vector{0.1143, 0.1137, 0.1063, 0.0983, 0.1010});
  CHECK(errors.low == Approx(0.09772397509468872).epsilon(1e-12));
  CHECK(errors.high == Approx(0.11571602490531127).epsilon(1e-12));
}

TEST_CASE("values that do not scatter have no interval, and the reason") {
  auto const one = interval_of(std::vector{1.5});
  CHECK(one.mean == 1.5);
  CHECK(std::isnan(one.sd));
  CHECK(std::isnan(one.low));
  CHECK(one.spread == Spread::one_value);

  auto const none = interval_of({});
  CHECK(std::isnan(none.mean));
  CHECK(none.spread == Spread::no_value);

  // Whose sum is rounded.
  auto const equal = interval_of(std::vector(7, 8.0243));
  CHECK(equal.n == 7);
  CHECK(equal.mean == 8.0243);
  CHECK(equal.sd == 0);
  CHECK(std::isnan(equal.low));
  CHECK(std::isnan(equal.high));
  CHECK(equal.spread == Spread::equal_values);
  CHECK(interval_of(std::vector{0.1 + 0.2, 0.3, 0.3}).spread == Spread::equal_values);
  CHECK(interval_of(std::vector{0.0, 0.0}).spread == Spread::equal_values);
  CHECK(interval_of(std::vector{1.0, 1.0 + 1e-9}).spread == Spread::estimated);
}
