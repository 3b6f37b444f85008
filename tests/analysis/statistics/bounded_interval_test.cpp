#include "analysis/statistics/bounded_interval.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

#include "analysis/statistics/interval_choice.hpp"

using namespace mambasynth::analysis::statistics;
using Catch::Approx;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Bounds share{0, 1}, at_most_one{-infinity, 1}, positive{0, infinity};

}  // namespace

// scipy.stats.sem and t.ppf, times the scale's derivative at the mean, mapped back by scipy.special.expit or numpy.exp.
TEST_CASE("an interval of values between bounds stays between them") {
  std::vector<double> const accuracy{0.97, 0.99, 0.985, 0.96, 0.995};
  auto const logit = bounded_interval(accuracy, share);
  CHECK(logit.mean == Approx(0.98));
  CHECK(logit.sd == interval_of(accuracy).sd);
  CHECK(logit.low == Approx(0.9511231796568017).epsilon(1e-10));
  CHECK(logit.high == Approx(0.9919603714629136).epsilon(1e-10));

  // Student's own ends at 1.41.
  auto const r2 = bounded_interval(std::vector{0.5, 0.9, -0.7, 0.95, 0.99}, at_most_one);
  CHECK(r2.low == Approx(-2.0872213235337416).epsilon(1e-10));
  CHECK(r2.high == Approx(0.9278367254392395).epsilon(1e-10));

  auto const seconds = bounded_interval(std::vector{0.1, 3.0, 0.4, 9.0}, positive);
  CHECK(seconds.low == Approx(0.38204106735832266).epsilon(1e-10));
  CHECK(seconds.high == Approx(25.561715308581363).epsilon(1e-10));

  auto const correlation = bounded_interval(std::vector{-0.5, 0.25, 0.5}, {-1, 1});
  CHECK(correlation.low == Approx(-0.8391518954385659).epsilon(1e-10));
  CHECK(correlation.high == Approx(0.8821444687366116).epsilon(1e-10));
}

TEST_CASE("a value may lie on a bound") {
  auto const accuracy = bounded_interval(std::vector{1.0, 0.9, 0.95}, share);
  CHECK(accuracy.low == Approx(0.581651627364092).epsilon(1e-10));
  CHECK(accuracy.high == Approx(0.9961633848591137).epsilon(1e-10));
  CHECK(bounded_interval(std::vector{0.0, 1.0}, share).low > 0);
  CHECK(bounded_interval(std::vector{0.0, 1.0}, share).high < 1);
}

TEST_CASE("the interval contains the mean") {
  // Though five of six values are far below it.
  std::vector<double> values(30, 1e-6);
  for (std::size_t i = 0; i < 5; ++i) values[i] = 100;
  auto const interval = bounded_interval(values, positive);
  CHECK(interval.low > 0);
  CHECK(interval.low < interval.mean);
  CHECK(interval.mean < interval.high);
}

TEST_CASE("equal values, one value and values outside the bounds are left as they are") {
  CHECK(bounded_interval(std::vector{1.0, 1.0, 1.0}, share).spread == Spread::equal_values);
  CHECK(std::isnan(bounded_interval(std::vector{1.0, 1.0, 1.0}, share).high));
  CHECK(bounded_interval(std::vector{1.0}, share).spread == Spread::one_value);
  CHECK(bounded_interval({}, share).spread == Spread::no_value);
  auto const outside = bounded_interval(std::vector{-0.1, 0.2, 0.3}, share);
  CHECK(outside.low == interval_of(std::vector{-0.1, 0.2, 0.3}).low);
}

TEST_CASE("the method and the bounds choose the interval") {
  std::vector<double> const errors{8, 9, 13};
  CHECK(interval_of(errors, Method::student, {}).low == interval_of(errors).low);
  // Far from 0, Student's; near it, on the scale of logarithms.
  CHECK(interval_of(errors, Method::student, positive).low == interval_of(errors).low);
  std::vector<double> const near{0.1, 3.0, 0.4, 9.0};
  CHECK(interval_of(near, Method::student, positive).low == bounded_interval(near, positive).low);
  std::vector<double> const accuracy{0.8, 0.7, 0.75};
  CHECK(interval_of(accuracy, Method::student, share).low == bounded_interval(accuracy, share).low);
  CHECK(interval_of(accuracy, Method::student, share).low != interval_of(accuracy).low);
  for (auto const method : {Method::bca, Method::iqm}) {
    auto const interval = interval_of(errors, method, positive);
    CHECK(interval.low >= 8);
    CHECK(interval.high <= 13);
    CHECK(interval_of(std::vector{2.0}, method, positive).spread == Spread::one_value);
  }
}
