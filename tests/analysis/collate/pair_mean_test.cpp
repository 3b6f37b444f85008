#include "analysis/collate/pair_mean.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "random/numpy_generator.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
using Catch::Approx;

namespace {

struct Model {
  double of_seed,
      of_pair;    ///< standard deviations of what a seed adds to all of its pairs, and of what a pair has alone
  double covers;  ///< the share of intervals with the true mean, from 20,000 draws with numpy and scipy
};

/// The share of intervals that hold the mean, 0, over pairs of five seeds.
double coverage(Model const& model, int draws, random::NumpyGenerator& random) {
  constexpr int seeds = 5;
  int covered = 0;
  for (int draw = 0; draw < draws; ++draw) {
    double of_seed[seeds];
    for (auto& value : of_seed) value = model.of_seed * random.normal();
    std::vector<SeedPair> pairs;
    for (int a = 0; a < seeds; ++a)
      for (int b = a + 1; b < seeds; ++b)
        pairs.push_back(
            {std::to_string(a), std::to_string(b), of_seed[a] + of_seed[b] + model.of_pair * random.normal()});
    auto const found = mean_over_seeds(pairs);
    covered += found.low <= 0 && 0 <= found.high;
  }
  return static_cast<double>(covered) / draws;
}

}  // namespace

TEST_CASE("pairs of the same seeds are averaged first, then seeds are left out one at a time") {
  // Pairs of seeds: 12: (1 + 3) / 2, 13: 5, 23: 8. Without seed 1, 2, 3: 8, 5, 2.
  std::vector<SeedPair> const pairs = {{"1", "2", 1}, {"2", "1", 3}, {"1", "3", 5}, {"3", "2", 8}};
  auto const found = mean_over_seeds(pairs);
  CHECK(found.pairs == 4);
  CHECK(found.seeds == 3);
  CHECK(found.mean == Approx(5));
  CHECK(found.se == Approx(std::sqrt(2.0 / 3 * (9 + 0 + 9))));
  CHECK(found.high == Approx(5 + 4.30265272974946385 * found.se));
  CHECK(found.low == Approx(5 - 4.30265272974946385 * found.se));

  // One value a seed: the standard error of a mean. scipy: stats.sem([1, 2, 6]) = 1.5275252
  auto const same = mean_over_seeds(std::vector<SeedPair>{{"1", "1", 1}, {"2", "2", 2}, {"3", "3", 6}});
  CHECK(same.mean == Approx(3));
  CHECK(same.se == Approx(1.527525231651947));
}

TEST_CASE("the error needs a second pair of seeds") {
  for (auto const& pairs :
       {std::vector<SeedPair>{{"1", "2", 0.5}}, {{"1", "2", 0.25}, {"2", "1", 0.75}}, {{"1", "1", 0.5}}}) {
    auto const found = mean_over_seeds(pairs);
    CHECK(found.mean == 0.5);
    CHECK(std::isnan(found.se));
    CHECK(std::isnan(found.low));
    CHECK(std::isnan(found.high));
  }
  CHECK(std::isnan(mean_over_seeds({}).mean));
}

TEST_CASE("intervals over five seeds cover 95 %, and more where pairs differ by themselves") {
  random::NumpyGenerator random(11);
  constexpr int draws = 4000;
  constexpr double margin = 0.013;  // three standard errors and more
  for (auto const& model : {Model{1, 0, 0.948}, {1, 1, 0.962}, {1, 1.5, 0.967}, {1, 2.5, 0.978}, {0, 1, 0.989}}) {
    CAPTURE(model.of_seed, model.of_pair);
    CHECK(coverage(model, draws, random) == Approx(model.covers).margin(margin));
  }
}
