#include "analysis/statistics/axis_scale.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace mambasynth::analysis::statistics;

namespace {

bool logarithmic(std::vector<double> const& values) { return axis_scale_of(values).logarithmic; }

}  // namespace

TEST_CASE("values spaced by ratio ask for logarithms") {
  CHECK(logarithmic({0.01, 0.1, 1}));
  CHECK(logarithmic({16, 32, 64}));
  CHECK(logarithmic({64, 8, 16, 32, 8}));
  CHECK(logarithmic({1e-300, 1, 1e300}));
  CHECK_FALSE(logarithmic({1, 2, 3, 4}));
  CHECK_FALSE(logarithmic({100, 101, 102}));
  CHECK_FALSE(logarithmic({0.1, 10}));
  CHECK_FALSE(logarithmic({-1, 1, 10, 100}));
  CHECK_FALSE(logarithmic({1}));
  CHECK_FALSE(logarithmic({}));
}

TEST_CASE("0 is set apart from logarithms of a wide range, and joins a narrow one's linear axis") {
  auto const wide = axis_scale_of(std::vector{0.0, 0.01, 0.1, 1.0});
  CHECK(wide.logarithmic);
  CHECK(wide.apart == std::vector{0.0});
  CHECK(std::isnan(wide.place(0)));
  CHECK(wide.place(0.01) == -2);
  auto const narrow = axis_scale_of(std::vector{0.0, 0.25, 0.5, 1.0});
  CHECK_FALSE(narrow.logarithmic);
  CHECK(narrow.apart.empty());
  CHECK(narrow.place(0) == 0);
  CHECK(axis_scale_of(std::vector{0.01, 0.1, 1.0}).apart.empty());
  CHECK_FALSE(logarithmic({0, 0.1, 1}));
}
