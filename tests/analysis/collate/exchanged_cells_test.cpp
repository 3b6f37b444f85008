#include "analysis/collate/exchanged_cells.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "analysis/collate/trial_similarity.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
using Catch::Approx;

namespace {

/// Networks as unit vectors: something common, of the cell, of the seed and of their own.
ComparedGroup sweep_of(std::size_t cells, int seeds, double of_cell, std::uint64_t seed) {
  constexpr std::size_t dims = 20;
  random::NumpyGenerator random(seed);
  std::vector<std::vector<double>> cell_part(cells), networks;
  for (auto& part : cell_part)
    for (std::size_t d = 0; d < dims; ++d) part.push_back(of_cell * random.normal());
  ComparedGroup group;
  for (int s = 0; s < seeds; ++s) {
    std::vector<double> seed_part;
    for (std::size_t d = 0; d < dims; ++d) seed_part.push_back(0.3 * random.normal());
    for (std::size_t c = 0; c < cells; ++c) {
      group.cell.push_back(c);
      group.seed.push_back(std::to_string(s));
      auto& network = networks.emplace_back();
      for (std::size_t d = 0; d < dims; ++d)
        network.push_back(1 + cell_part[c][d] + seed_part[d] + 0.3 * random.normal());
      auto const length = std::sqrt(std::inner_product(network.begin(), network.end(), network.begin(), 0.0));
      for (auto& value : network) value /= length;
    }
  }
  for (auto const& a : networks)
    for (auto const& b : networks) group.cka.push_back(std::inner_product(a.begin(), a.end(), b.begin(), 0.0));
  return group;
}

/// Pair by pair, by the definition.
double least_ratio(ComparedGroup const& group, std::vector<std::size_t> const& cell) {
  std::map<std::pair<std::size_t, std::size_t>, std::pair<double, int>> sums;
  for (std::size_t i = 0; i < cell.size(); ++i)
    for (std::size_t j = 0; j < cell.size(); ++j)
      if (group.seed[i] != group.seed[j]) {
        auto& [sum, count] = sums[{cell[i], cell[j]}];
        sum += group.cka[i * cell.size() + j];
        ++count;
      }
  auto const mean = [&](std::size_t a, std::size_t b) { return sums.at({a, b}).first / sums.at({a, b}).second; };
  auto least = std::numeric_limits<double>::infinity();
  for (auto const& [cells, sum] : sums)
    if (cells.first < cells.second)
      least = std::min(least, mean(cells.first, cells.second) /
                                  std::sqrt(mean(cells.first, cells.first) * mean(cells.second, cells.second)));
  return least;
}

double p_of(ComparedGroup const& group, int times) {
  // A pair whose ratio is the least one, between cells with 1 with themselves.
  auto const own = [](std::size_t cell) { return CellPair{cell, cell, {.mean = 1}, {}}; };
  LayerSimilarity const layer{.layer = "layer_1",
                              .pairs = {own(0), {0, 1, {.mean = least_ratio(group, group.cell)}, {}}, own(1)},
                              .within = {},
                              .between = {},
                              .least_ratios = least_ratios_of_exchanged({group}, times)};
  return layer.p(layer.pairs[1]);
}

}  // namespace

TEST_CASE("two cells of three seeds exchange in four ways, each as often") {
  auto const group = sweep_of(2, 3, 0.5, 5);
  std::vector<double> ways;
  for (int way = 0; way < 4; ++way) {
    auto cell = group.cell;
    for (std::size_t s = 0; s < 2; ++s)
      if (way >> s & 1) std::swap(cell[2 * s], cell[2 * s + 1]);
    ways.push_back(least_ratio(group, cell));
  }
  constexpr int times = 1000;
  auto const found = least_ratios_of_exchanged({group}, times);
  REQUIRE(found.size() == times);
  CHECK(std::is_sorted(found.begin(), found.end()));
  for (auto const way : ways) {
    auto const same =
        std::count_if(found.begin(), found.end(), [&](double ratio) { return std::abs(ratio - way) < 1e-12; });
    CHECK(static_cast<double>(same) / times == Approx(0.25).margin(0.05));
  }
  CHECK(least_ratios_of_exchanged({group}, times) == found);
}

TEST_CASE("p is uniform if cells do not matter, and small if they do") {
  // The least of 15 ratios lies well below 1 in either case.
  constexpr int sweeps = 300, times = 199;
  int at_most_5 = 0, at_most_50 = 0;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    auto const p = p_of(sweep_of(6, 4, 0, static_cast<std::uint64_t>(sweep)), times);
    at_most_5 += p <= 0.05;
    at_most_50 += p <= 0.5;
  }
  CHECK(static_cast<double>(at_most_5) / sweeps == Approx(0.05).margin(0.04));
  CHECK(static_cast<double>(at_most_50) / sweeps == Approx(0.5).margin(0.09));
  CHECK(p_of(sweep_of(6, 4, 0.5, 1), times) == Approx(1.0 / (1 + times)));
}

TEST_CASE("nothing is exchanged between series, for seeds with one trial, or without a ceiling") {
  CHECK(least_ratios_of_exchanged({}, 10).empty());
  auto alone = sweep_of(2, 3, 0, 1);
  alone.seed = {"a", "b", "c", "d", "e", "f"};
  CHECK(least_ratios_of_exchanged({alone}, 10).empty());
  CHECK(least_ratios_of_exchanged({sweep_of(4, 1, 0, 1)}, 10).empty());
  // Two series: a cell's trials stay within theirs, and so each half has what it has alone.
  auto const first = sweep_of(2, 3, 0, 1);
  auto second = sweep_of(2, 3, 0, 2);
  for (auto& cell : second.cell) cell += 2;
  auto const both = least_ratios_of_exchanged({first, second}, 200), one = least_ratios_of_exchanged({first}, 200);
  CHECK(both.back() <= one.back() + 1e-12);
  CHECK(std::isnan(ceiling_of(-0.1, 0.5)));
  CHECK(ceiling_of(0.25, 1) == 0.5);
}
