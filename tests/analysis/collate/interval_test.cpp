#include "analysis/collate/interval.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace mambasynth::analysis::collate;
using Catch::Approx;

TEST_CASE("an interval over seeds") {
  std::vector<double> const values = {1, 2, 3, 4};
  auto const four = interval_of(values);
  CHECK(four.n == 4);
  CHECK(four.mean == 2.5);
  CHECK(four.sd == Approx(std::sqrt(5.0 / 3)));
  CHECK(four.high - four.mean == Approx(3.18244630528370959 * std::sqrt(5.0 / 12)));
  CHECK(four.mean - four.low == Approx(four.high - four.mean));

  auto const one = interval_of(std::span(values).first(1));
  CHECK(one.mean == 1);
  CHECK(std::isnan(one.sd));
  CHECK(std::isnan(one.low));
  CHECK(std::isnan(interval_of({}).mean));
}
