#include "analysis/representation/chronological_folds.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "analysis/representation/fold_scores.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using analysis::representation::ChronologicalFolds;
using Rows = std::vector<std::int64_t>;

TEST_CASE("a held-out block keeps its guard out of training") {
  ChronologicalFolds const folds(12, 3, 1);
  CHECK(folds.training(0, 0) == Rows{5, 6, 7, 8, 9, 10, 11});
  CHECK(folds.training(1, 1) == Rows{0, 1, 2, 9, 10, 11});
  CHECK(folds.training(0, 2) == Rows{5, 6});
  CHECK(folds.validation(1, 1) == Rows{4, 5, 6, 7});
  CHECK(folds.validation(1, 0) == Rows{5, 6, 7});
  CHECK(folds.validation(2, 0) == Rows{8, 9, 10, 11});
}

TEST_CASE("blocks hold all rows, a stretch lies wholly in or out of each") {
  ChronologicalFolds const folds(103, 8, 20);  // guards reach beyond their neighbours
  std::int64_t next = 0;
  for (auto const& stretch : folds.stretches()) {
    CHECK(stretch.first == next);
    next = stretch.end;
    for (std::int64_t b = 0; b < 5; ++b)
      CHECK((folds.in_block(stretch, b) || stretch.end <= folds.block(b).first || stretch.first >= folds.block(b).end));
  }
  CHECK(next == 103);
}

TEST_CASE("rows evenly") {
  using analysis::representation::evenly;
  CHECK(evenly({3, 5, 8}, 3) == Rows{3, 5, 8});
  CHECK(evenly({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 5) == Rows{1, 3, 5, 7, 9});
  CHECK(evenly({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1) == Rows{5});
}

TEST_CASE("folds that leave nothing are refused") {
  CHECK_THROWS_AS(ChronologicalFolds(100, 2, 0), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(4, 5, 0), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(100, 5, -1), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(100, 5, 40), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(12, 3, 4), errors::Error);
}

TEST_CASE("errors over folds leave undefined ones out") {
  auto const nan = std::numeric_limits<double>::quiet_NaN();
  using analysis::representation::fold_scores;
  CHECK(fold_scores(0, {1, nan, 3, 2}).se == Catch::Approx(1 / std::sqrt(3.0)));
  CHECK(std::isnan(fold_scores(0, {1, nan}).se));
  CHECK(fold_scores(7, {}).value == 7);
}
