#include "analysis/dimension/binomial_dimension.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// numpy: default_rng(seed).integers(0, below, (points, dims))
std::vector<std::int32_t> integers(std::uint64_t seed, std::int64_t below, std::int64_t count) {
  random::NumpyGenerator random(seed);
  std::vector<std::int32_t> values;
  for (auto const value : random.choice_with_replacement(below, count))
    values.push_back(static_cast<std::int32_t>(value));
  return values;
}

}  // namespace

TEST_CASE("lattice volumes are point counts in integer dimensions") {
  for (int d = 1; d <= 3; ++d) {
    for (int radius = 1; radius <= 6; ++radius) {
      int count = 0;
      for (int x = -radius; x <= radius; ++x)
        for (int y = d > 1 ? -radius : 0; y <= (d > 1 ? radius : 0); ++y)
          for (int z = d > 2 ? -radius : 0; z <= (d > 2 ? radius : 0); ++z)
            count += std::abs(x) + std::abs(y) + std::abs(z) <= radius;
      CHECK(analysis::dimension::lattice_volume(radius, d).value == Approx(count).epsilon(1e-14));
    }
  }
  // 1 + 2 d: one step in each direction, for any d.
  CHECK(analysis::dimension::lattice_volume(1, 2.5).value == Approx(6));
  CHECK(analysis::dimension::lattice_volume(1, 2.5).derivative == Approx(2));
  CHECK(analysis::dimension::volume_ratio(3, 6, 0) == 1);
  // At large radii, the ball approaches a cross-polytope: a ratio of 2^-d.
  CHECK(analysis::dimension::volume_ratio(2000, 4000, 7.5) == Approx(std::pow(2, -7.5)).epsilon(0.01));
  CHECK(std::isfinite(analysis::dimension::volume_ratio(400, 800, 300)));
}

TEST_CASE("the binomial estimator on a periodic lattice matches DADApy's published values") {
  // dadapy tests/test_id_discrete: default_rng(12345).integers(0, 20, (500, 5)), period 20, return_id_scaling by mle.
  auto const rows = integers(12345, 20, 500 * 5);
  auto const counts = analysis::dimension::lattice_counts(rows, 500, 5, {1, 2, 3, 4}, 20);
  double const expected[] = {2.414214, 4.575392, 5.558403, 4.857541};
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(analysis::dimension::binomial_dimension(counts[i]).value == Approx(expected[i]).epsilon(2e-6));
}

TEST_CASE("the binomial estimator's errors are close to its spread") {
  double sum = 0, squares = 0, stated = 0, by_blocks = 0;
  constexpr int clouds = 40;
  std::vector<std::int64_t> time(400);
  for (std::size_t i = 0; i < time.size(); ++i) time[i] = static_cast<std::int64_t>(i);
  auto const blocks = analysis::statistics::blocks_in_time(time, 20);
  for (int cloud = 0; cloud < clouds; ++cloud) {
    auto const counts = analysis::dimension::lattice_counts(
        integers(100 + static_cast<std::uint64_t>(cloud), 30, 400 * 2), 400, 2, {3}, 30);
    auto const found = analysis::dimension::binomial_dimension(counts[0], blocks);
    sum += found.value, squares += found.value * found.value, stated += found.se, by_blocks += found.se_blocks;
  }
  auto const mean = sum / clouds;
  auto const spread = std::sqrt(squares / clouds - mean * mean);
  CHECK(mean == Approx(2).margin(0.1));
  CHECK(spread / (stated / clouds) > 0.6);
  CHECK(spread / (stated / clouds) < 2.2);  // each pair is counted from both of its ends
  CHECK(spread / (by_blocks / clouds) > 0.5);
  CHECK(spread / (by_blocks / clouds) < 2.2);
}

TEST_CASE("an undetermined binomial estimate is NaN, and bad radii are rejected") {
  std::vector<std::int32_t> const same(30 * 3, 4);
  CHECK(std::isnan(
      analysis::dimension::binomial_dimension(analysis::dimension::lattice_counts(same, 30, 3, {1})[0]).value));
  auto const far = integers(1, 1000000, 20 * 3);
  CHECK(std::isnan(
      analysis::dimension::binomial_dimension(analysis::dimension::lattice_counts(far, 20, 3, {1})[0]).value));
  CHECK_THROWS_WITH(analysis::dimension::lattice_counts(same, 30, 3, {0}), ContainsSubstring("radius of 0"));
}
