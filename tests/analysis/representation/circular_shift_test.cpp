#include "analysis/representation/circular_shift.hpp"

#include <catch2/catch_test_macros.hpp>

#include "analysis/representation/draws.hpp"
#include "analysis/representation/logistic_probe.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using namespace analysis::representation;

TEST_CASE("rows are shifted as by numpy.roll") {
  std::vector<double> const values{0, 1, 10, 11, 20, 21, 30, 31};
  std::span<double const> const rows(values);
  CHECK(circular_shift(rows, 2, 1) == std::vector<double>{30, 31, 0, 1, 10, 11, 20, 21});
  CHECK(circular_shift(rows, 2, -1) == std::vector<double>{10, 11, 20, 21, 30, 31, 0, 1});
  CHECK(circular_shift(rows, 2, 9) == circular_shift(rows, 2, 1));
  CHECK(circular_shift(std::span<double const>{}, 2, 3).empty());
  CHECK_THROWS_AS(circular_shift(rows, 3, 1), errors::Error);
}

TEST_CASE("offsets keep their distance in both directions") {
  // rng = numpy.random.default_rng(4); 100 + rng.integers(1000 - 200 + 1, size=4)
  random::NumpyGenerator random(4);
  for (std::int64_t const wanted : {681, 855, 805, 509}) CHECK(shift_offset(1000, 100, random) == wanted);
  CHECK(shift_offset(10, 5, random) == 5);
  for (int i = 0; i < 50; ++i) {
    auto const offset = shift_offset(10, 4, random);
    CHECK((offset >= 4 && offset <= 6));
  }
  CHECK_THROWS_AS(shift_offset(10, 6, random), errors::Error);
  CHECK_THROWS_AS(shift_offset(10, 0, random), errors::Error);
}

TEST_CASE("a shifted control cannot be read out but keeps the labels' course") {
  random::NumpyGenerator rng(12);
  std::vector<std::int64_t> labels;
  while (labels.size() < 1500) labels.insert(labels.end(), 10, static_cast<std::int64_t>(rng.bounded(2)));
  auto x = draws::normal(rng, 1500, 3);
  for (std::size_t i = 0; i < labels.size(); ++i) x[3 * i + static_cast<std::size_t>(labels[i])] += 3;
  auto const shifted = circular_shift(std::span<std::int64_t const>(labels), 1, shift_offset(1500, 200, rng));
  ChronologicalFolds const folds(1500, 5, 20);
  LogisticProbe const probe(std::span<double const>(x), 3, folds);
  auto const real = probe.score(labels), control = probe.score(shifted);
  CHECK(real.accuracy.value > 0.9);
  CHECK(control.accuracy.value < 0.45);
}
