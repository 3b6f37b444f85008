#include "analysis/representation/activation_statistics.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using analysis::representation::ActivationStatistics;
using Catch::Approx;

namespace {
ActivationStatistics of(std::vector<double> const& rows, std::int64_t dims) {
  ActivationStatistics statistics(dims);
  statistics.add<double>(rows);
  return statistics;
}
}  // namespace

TEST_CASE("activation statistics match a hand calculation") {
  // Deviations +-1 in the first dimension, +-2 in the second, uncorrelated: eigenvalues 1 and 4, PR = 25/17.
  auto const square = of({11, 2, 11, -2, 9, 2, 9, -2}, 2);
  CHECK(square.rows() == 4);
  CHECK(square.mean() == Approx(5));
  CHECK(square.standard_deviation() == Approx(std::sqrt((4 * 1 + 4 * 4) / 8.0 + 25)));
  CHECK(square.participation_ratio() == Approx(25.0 / 17));
}

TEST_CASE("the participation ratio is 1 for one direction, and the number of directions if they are equal") {
  CHECK(of({0, 0, 0, 1, 2, -1, 3, 6, -3}, 3).participation_ratio() == Approx(1));
  CHECK(of({1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1}, 3).participation_ratio() == Approx(3));
}

TEST_CASE("a mean far from zero costs no precision") {
  auto rows = std::vector<double>{11, 2, 11, -2, 9, 2, 9, -2};
  for (auto& value : rows) value += 1e9;
  CHECK(of(rows, 2).participation_ratio() == Approx(25.0 / 17).epsilon(1e-12));
}

TEST_CASE("activation statistics are bit-identical in pieces and for any number of threads") {
  random::NumpyGenerator random(3);
  std::vector<float> rows(333 * 40);
  for (auto& value : rows) value = static_cast<float>(random.normal(1, 3));
  ActivationStatistics whole(40, 1);
  whole.add<float>(rows);
  ActivationStatistics pieces(40, 3);
  auto const all = std::span<float const>(rows);
  pieces.add<float>(all.first(40));
  pieces.add<float>(all.subspan(40, 100 * 40));
  pieces.add<float>(all.subspan(101 * 40));
  CHECK(pieces.rows() == 333);
  CHECK(pieces.mean() == whole.mean());
  CHECK(pieces.standard_deviation() == whole.standard_deviation());
  CHECK(pieces.participation_ratio() == whole.participation_ratio());
  CHECK(whole.mean() == Approx(1).margin(0.1));
  CHECK(whole.standard_deviation() == Approx(3).margin(0.1));
  CHECK(whole.participation_ratio() > 30);
}

TEST_CASE("degenerate activations give NaN or zero; incomplete rows are rejected") {
  CHECK(std::isnan(ActivationStatistics(4).mean()));
  CHECK(std::isnan(of({3, 3, 3, 3, 3, 3}, 2).participation_ratio()));
  CHECK(of({3, 3, 3, 3, 3, 3}, 2).standard_deviation() == 0);
  CHECK_THROWS_AS(of({1, 2, 3}, 2), errors::Error);
}
