#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "analysis/dimension/full_correlation.hpp"
#include "analysis/dimension/intrinsic_dimension.hpp"
#include "analysis/dimension/point_terms.hpp"
#include "config/config.hpp"
#include "random/numpy_generator.hpp"
#include "series/series.hpp"

using namespace mambasynth;
namespace dimension = analysis::dimension;
using Catch::Approx;
using dimension::Estimate;
using mambasynth::random::NumpyGenerator;

namespace {

std::vector<std::int64_t> steps(std::int64_t count) {
  std::vector<std::int64_t> time(static_cast<std::size_t>(count));
  std::iota(time.begin(), time.end(), std::int64_t{0});
  return time;
}

std::vector<double> cube(std::uint64_t seed, std::int64_t points, std::int64_t dims) {
  NumpyGenerator random(seed);
  std::vector<double> rows(static_cast<std::size_t>(points * dims));
  for (auto& value : rows) value = random.uniform();
  return rows;
}

/// Standard deviation over draws and the mean of the stated errors.
struct Spread {
  double draws = 0, sum = 0, squares = 0, stated = 0;
  void add(double value, double error) {
    ++draws;
    sum += value;
    squares += value * value;
    stated += error;
  }
  [[nodiscard]] double ratio() const {
    return std::sqrt((squares - sum * sum / draws) / (draws - 1)) / (stated / draws);
  }
};

std::map<std::string, Spread> spreads(int draws, std::vector<std::int64_t> const& ks, std::int64_t points,
                                      std::int64_t dims,
                                      std::function<std::vector<double>(std::uint64_t)> const& sample) {
  std::map<std::string, Spread> all;
  dimension::EstimateOptions options;
  options.blocks = analysis::statistics::blocks_in_time(steps(points), 20);
  for (int draw = 0; draw < draws; ++draw) {
    auto const rows = sample(static_cast<std::uint64_t>(draw));
    auto const found = dimension::estimate_all<double>(rows, points, dims, ks, options);
    auto const add = [&](std::string const& name, Estimate const& e) { all[name].add(e.value, e.se_blocks); };
    for (std::size_t i = 0; i < ks.size(); ++i) {
      auto const k = std::to_string(ks[i]);
      add("levina_bickel " + k, found[dimension::levina_bickel][i]);
      add("levina_bickel_original " + k, found[dimension::levina_bickel_original][i]);
      add("mackay_ghahramani " + k, found[dimension::mackay_ghahramani][i]);
    }
    add("two_nn_ml", found[dimension::two_nn_ml][0]);
    add("two_nn_ls", found[dimension::two_nn_ls][0]);
    for (std::size_t i = 0; i < found.n1.size(); ++i)
      add("gride " + std::to_string(found.n1[i]), found[dimension::gride][i]);
  }
  return all;
}

}  // namespace

// Over 100 clouds the ratios lie between 0.87 and 1.06; over 50, they move by a tenth. Sums over blocks gave up to 2.6.
TEST_CASE("errors by blocks match the spread over independent clouds although neighborhoods overlap") {
  for (auto const& [name, spread] :
       spreads(50, {10, 30, 100}, 500, 3, [](std::uint64_t draw) { return cube(1000 + draw, 500, 3); })) {
    INFO(name);
    CHECK(spread.ratio() > 0.68);
    CHECK(spread.ratio() < 1.38);
  }
}

// 30 draws of 100,000 steps gave 0.73 to 1.09. Sums over blocks gave 3.0 at n1 = 32.
TEST_CASE("errors by blocks match the spread over series although visits determine the neighbors") {
  config::Data data;
  data.n_steps = 50000;
  auto const all = spreads(24, {30, 100}, 1000, data.ambient_dim, [&](std::uint64_t draw) {
    data.path_seed = static_cast<std::int64_t>(900 + draw);
    auto const series = series::generate(data);
    std::vector<double> rows;
    for (std::int64_t i = 0; i < 1000; ++i) {
      auto const from = series.x.begin() + i * 50 * data.ambient_dim;
      rows.insert(rows.end(), from, from + data.ambient_dim);
    }
    return rows;
  });
  for (auto const* name : {"levina_bickel 30", "levina_bickel 100", "mackay_ghahramani 30", "gride 16", "gride 32"}) {
    INFO(name);
    CHECK(all.at(name).ratio() > 0.6);
    CHECK(all.at(name).ratio() < 1.5);
  }
}

TEST_CASE("the full correlation integral's error by blocks matches the spread over clouds") {
  Spread by_centers, by_blocks;
  std::vector<std::int64_t> const centers = {0, 50, 100, 150, 200, 250};
  for (std::uint64_t draw = 0; draw < 24; ++draw) {
    auto const found = dimension::local_correlation_dimension(cube(7000 + draw, 300, 3), 300, 3, centers, {120},
                                                              analysis::statistics::blocks_in_time(steps(300), 10));
    by_centers.add(found.dimension[0], found.se[0]);
    by_blocks.add(found.dimension[0], found.se_blocks[0]);
  }
  CHECK(by_blocks.ratio() > 0.6);
  CHECK(by_blocks.ratio() < 1.45);
  CHECK(by_blocks.ratio() < by_centers.ratio());
}

TEST_CASE("leaving out a block gives the other points the neighbors that a search without it finds") {
  // Lists barely longer than requested, so that many must be searched again; each block is a cluster in space.
  constexpr std::int64_t points = 200, dims = 3, k = 12, reach = 10;
  auto rows = cube(3, points, dims);
  std::sort(rows.begin(), rows.end());
  auto const blocks = analysis::statistics::blocks_in_time(steps(points), 5);
  auto const found = analysis::neighbors::nearest_neighbors<double>(rows, points, dims, k);
  std::vector<double> rest(rows.begin(), rows.begin() + 80 * dims);
  rest.insert(rest.end(), rows.begin() + 120 * dims, rows.end());
  dimension::Ranks const ranks{{5, 10}, {1, 4}};
  auto const expected = dimension::point_terms(
      dimension::log_distances(analysis::neighbors::nearest_neighbors<double>(rest, points - 40, dims, reach), 1),
      ranks, 1);
  int searched = 0;
  auto const terms =
      dimension::point_terms_without(2, blocks, dimension::log_distances(found, 1), found.index, ranks, reach,
                                     [&](std::int64_t point, std::int32_t block, std::span<double> out) {
                                       ++searched;
                                       std::vector<double> all;
                                       for (std::int64_t j = 0; j < points; ++j) {
                                         if (j == point || blocks.of_point[static_cast<std::size_t>(j)] == block)
                                           continue;
                                         double squared = 0;
                                         for (std::int64_t c = 0; c < dims; ++c) {
                                           auto const difference = rows[static_cast<std::size_t>(point * dims + c)] -
                                                                   rows[static_cast<std::size_t>(j * dims + c)];
                                           squared += difference * difference;
                                         }
                                         all.push_back(std::log(std::sqrt(squared)));
                                       }
                                       std::sort(all.begin(), all.end());
                                       std::copy_n(all.begin(), out.size(), out.begin());
                                     });
  CHECK(searched > 3);
  CHECK(searched < 160);
  for (std::size_t i = 0; i < 160; ++i) {
    for (std::size_t r = 0; r < 2; ++r) {
      CHECK(terms.by_k[r].sum[i] == Approx(expected.by_k[r].sum[i]));
      CHECK(terms.ratio[r][i] == Approx(expected.ratio[r][i]).margin(1e-12));
    }
  }
}

TEST_CASE("an estimate has an error only if enough neighbors remain with a block left out") {
  dimension::EstimateOptions options;
  options.blocks = analysis::statistics::blocks_in_time(steps(50), 5);
  auto const found = dimension::estimate_all<double>(cube(1, 50, 3), 50, 3, {10, 45}, options);
  CHECK(found[dimension::levina_bickel][0].se_blocks > 0);
  CHECK(std::isfinite(found[dimension::levina_bickel][1].value));
  CHECK(std::isnan(found[dimension::levina_bickel][1].se_blocks));  // 40 points are left, each has 39 others
}

TEST_CASE("errors by blocks do not depend on the number of threads") {
  dimension::EstimateOptions options;
  options.blocks = analysis::statistics::blocks_in_time(steps(400), 8);
  options.threads = 1;
  auto const rows = cube(2, 400, 4);
  auto const one = dimension::estimate_all<double>(rows, 400, 4, {10}, options);
  options.threads = 3;
  auto const three = dimension::estimate_all<double>(rows, 400, 4, {10}, options);
  CHECK(one[dimension::levina_bickel][0].se_blocks == three[dimension::levina_bickel][0].se_blocks);
  CHECK(one[dimension::gride][4].se_blocks == three[dimension::gride][4].se_blocks);
}
