#include "analysis/representation/chronological_folds.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

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

TEST_CASE("blocks cover all rows, and a stretch lies entirely inside or outside each") {
  ChronologicalFolds const folds(103, 8, 20);  // guards reach beyond the adjacent blocks
  std::int64_t next = 0;
  for (auto const& stretch : folds.stretches()) {
    CHECK(stretch.first == next);
    next = stretch.end;
    for (std::int64_t b = 0; b < 5; ++b)
      CHECK((folds.in_block(stretch, b) || stretch.end <= folds.block(b).first || stretch.first >= folds.block(b).end));
  }
  CHECK(next == 103);
}

TEST_CASE("blocks and groups begin where clusters do") {
  Rows cluster;
  for (std::int64_t const length : {3, 5, 2, 6, 4, 3, 7})
    cluster.insert(cluster.end(), static_cast<std::size_t>(length), 10 * std::ssize(cluster));
  ChronologicalFolds const folds(30, 3, 1, cluster);  // they begin at 0, 3, 8, 10, 16, 20, 23
  CHECK((folds.block(0).first == 0 && folds.block(0).end == 10));
  CHECK((folds.block(1).first == 10 && folds.block(1).end == 20));
  CHECK((folds.block(2).first == 20 && folds.block(2).end == 30));
  REQUIRE(folds.groups() == 7);  // no block has more than five
  CHECK((folds.cluster(0) == 0 && folds.cluster(2) == 0 && folds.cluster(3) == 1 && folds.cluster(29) == 6));
  CHECK(
      (folds.group(0).first == 0 && folds.group(0).end == 3 && folds.group(6).first == 23 && folds.group(6).end == 30));
  for (auto const& stretch : folds.stretches())
    for (std::int64_t g = 0; g < 7; ++g)
      CHECK((folds.in_group(stretch, g) || stretch.end <= folds.group(g).first || stretch.first >= folds.group(g).end));
  CHECK(ChronologicalFolds(30, 5, 1, cluster).block(1).end == 10);  // 12 is nearer to 10 than to 16

  // One cluster spans two blocks: as without clusters.
  Rows const longest(30, 4);
  for (auto const& equal : {ChronologicalFolds(30, 3, 1, longest), ChronologicalFolds(30, 3, 1)}) {
    CHECK((equal.block(1).first == 10 && equal.block(1).end == 20));
    CHECK(equal.groups() == 15);
    CHECK((equal.group(6).first == 12 && equal.group(6).end == 14));
  }
  CHECK_THROWS_AS(ChronologicalFolds(29, 3, 1, cluster), errors::Error);
}

TEST_CASE("folds that leave no training rows are rejected") {
  CHECK_THROWS_AS(ChronologicalFolds(100, 2, 0), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(4, 5, 0), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(100, 5, -1), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(100, 5, 40), errors::Error);
  CHECK_THROWS_AS(ChronologicalFolds(12, 3, 4), errors::Error);
}

TEST_CASE("errors compare clusters, and add changes of training beyond their scatter") {
  using namespace analysis::representation;
  Rows cluster;
  for (std::int64_t c = 0; c < 6; ++c) cluster.insert(cluster.end(), 5, c);
  ChronologicalFolds const folds(30, 3, 0, cluster);
  REQUIRE(folds.groups() == 6);
  constexpr double mean[] = {0.2, 0.9, 0.4,
                             0.5, 0.7, 0.3};  // of clusters of equally many rows: the error of their mean
  Influence influence;
  for (auto const c : cluster)
    influence.row.push_back((mean[c] - 0.5 + (influence.row.size() % 2 == 0 ? 0.1 : -0.1)) / 30);
  double squares = 0, average = 0;
  std::vector<double> sums(6);
  for (std::size_t i = 0; i < 30; ++i) sums[static_cast<std::size_t>(cluster[i])] += influence.row[i];
  for (auto const sum : sums) average += sum / 6;
  for (auto const sum : sums) squares += (sum - average) * (sum - average);
  auto const of_test = 6.0 / 5 * squares;
  CHECK(error_over_draws(influence, folds, true) == Catch::Approx(std::sqrt(of_test)));

  // Changes that are the same in every row do not scatter: the jackknife as it is, of groups that are the clusters.
  constexpr double change[] = {0.3, -0.1, 0.2, 0.1, -0.2, -0.3};
  double jackknife = 0;
  for (std::size_t g = 0; g < 6; ++g) {
    influence.change.emplace_back(30, change[g] / 30);
    jackknife += std::pow(change[g] - (sums[g] - average), 2);
  }
  CHECK(error_over_draws(influence, folds, true) == Catch::Approx(std::sqrt(5.0 / 6 * jackknife)));
  // Changes that only scatter add nothing.
  influence.change.assign(6, std::vector<double>(30));
  for (std::size_t g = 0; g < 6; ++g)
    for (std::size_t i = 0; i < 30; ++i)
      influence.change[g][i] = (cluster[i] % 2 == 0 ? 0.1 : -0.1) * static_cast<double>(g % 2 + 1) / 30;
  CHECK(error_over_draws(influence, folds, true) == Catch::Approx(std::sqrt(of_test)));
  for (auto& row : influence.change[0]) row += 0.02;
  CHECK(error_over_draws(influence, folds, false) > error_over_draws(influence, folds, true));

  ChronologicalFolds const unknown(30, 3, 0);
  CHECK(unknown.cluster(3) == 1);  // fifths of a block
}
