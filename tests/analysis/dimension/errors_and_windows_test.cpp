#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <numbers>
#include <numeric>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
namespace dimension = analysis::dimension;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<std::int64_t> steps(std::int64_t count) {
  std::vector<std::int64_t> time(static_cast<std::size_t>(count));
  std::iota(time.begin(), time.end(), std::int64_t{0});
  return time;
}

/// Steps of a trajectory that winds around a 2-torus in four dimensions and never closes.
std::vector<double> torus(std::vector<std::int64_t> const& time) {
  std::vector<double> rows;
  for (auto const t : time) {
    auto const a = 0.01 * static_cast<double>(t), b = 0.01 * std::numbers::sqrt2 * static_cast<double>(t);
    rows.insert(rows.end(), {std::cos(a), std::sin(a), std::cos(b), std::sin(b)});
  }
  return rows;
}

}  // namespace

TEST_CASE("consecutive points of a torus mislead the estimators, and a subsample does not") {
  auto const time = steps(400000);
  dimension::EstimateOptions options;
  auto const consecutive = std::vector(time.begin(), time.begin() + 4000);
  auto const broken = dimension::estimate_all<double>(torus(consecutive), 4000, 4, {10}, options);
  CHECK(broken[dimension::two_nn_ml][0].value > 100);  // both nearest neighbors are one step away

  random::NumpyGenerator random(0);
  auto const drawn = random.choice(400000, 4000);
  auto const sampled = dimension::estimate_all<double>(torus(drawn), 4000, 4, {10}, options);
  CHECK(sampled[dimension::two_nn_ml][0].value == Approx(2).margin(0.15));
}

TEST_CASE("a window excludes neighbors in time, and an error reports when none are left") {
  auto const time = steps(40);
  std::vector<double> rows(40);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<double>(i);
  auto const found = analysis::neighbors::nearest_neighbors<double>(rows, 40, 1, 3, 0, {time, 4});
  CHECK(found.index[0] == 5);
  CHECK(std::vector(found.index.begin() + 3 * 20, found.index.begin() + 3 * 21) ==
        std::vector<std::int32_t>{15, 25, 14});
  CHECK(analysis::neighbors::TemporalWindow{time, 4}.most_excluded() == 8);
  CHECK_THROWS_WITH(analysis::neighbors::nearest_neighbors<double>(rows, 40, 1, 3, 0, {time, 19}),
                    ContainsSubstring("a window of 19 steps"));
}

TEST_CASE("block errors account for dependence between rows of a series") {
  // Independent rows: both errors agree. Stretches of 100 rows, each on a line or in a cloud: the nominal error counts
  // rows, of which there are many, and not stretches.
  random::NumpyGenerator random(5);
  constexpr std::int64_t points = 3000;
  std::vector<double> cloud(points * 3);
  random.fill_normal(cloud);
  auto stretches = cloud;
  for (std::size_t first = 0; first < stretches.size(); first += 300) {
    bool const line = random.uniform() < 0.5;
    for (auto i = first; i < first + 300; ++i)
      if (i % 3 > 0) stretches[i] = line ? 0 : stretches[i] + 50;
  }
  dimension::EstimateOptions options;
  options.blocks = analysis::statistics::blocks_in_time(steps(points), 30);
  auto const every = [](dimension::DimensionEstimates const& found) {
    return std::vector{found[dimension::levina_bickel][0],
                       found[dimension::mackay_ghahramani][0],
                       found[dimension::levina_bickel_original][0],
                       found[dimension::two_nn_ml][0],
                       found[dimension::two_nn_ls][0],
                       found[dimension::gride][0],
                       found[dimension::gride][3]};
  };
  for (auto const& e : every(dimension::estimate_all<double>(cloud, points, 3, {20}, options))) {
    CHECK(e.se_blocks > 0.4 * e.se);
    CHECK(e.se_blocks < 2.5 * e.se);
  }
  for (auto const& e : every(dimension::estimate_all<double>(stretches, points, 3, {20}, options)))
    CHECK(e.se_blocks > 2 * e.se);
}

TEST_CASE("blocks are stretches of time regardless of the order of the rows") {
  std::vector<std::int64_t> const time = {50, 10, 40, 20, 30};
  CHECK(analysis::statistics::blocks_in_time(time, 2).of_point == std::vector<std::int32_t>{1, 0, 1, 0, 0});
  CHECK(analysis::statistics::blocks_in_time(time, 1).count == 0);
  CHECK(analysis::statistics::blocks_in_time(time, 6).count == 0);
}

TEST_CASE("the jackknife error matches a hand calculation") {
  // Of a mean: the mean's own standard error.
  std::vector<double> const values = {1, 2, 4, 9};
  std::vector<double> without;
  for (auto const value : values) without.push_back((16 - value) / 3);
  CHECK(analysis::statistics::jackknife_error(without) == Approx(std::sqrt((9.0 + 4 + 0 + 25) / 3 / 4)));
}
