#include "analysis/embedding/umap.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr analysis::embedding::UmapOptions options{.neighbors = 15, .min_dist = 0.3, .seed = 42, .threads = 1};

/// Two balls in `dims` dimensions, the first half of the points in one and the other half in the other.
std::vector<float> two_balls(std::int64_t points, std::int64_t dims, double apart) {
  random::NumpyGenerator random(7);
  std::vector<float> rows;
  for (std::int64_t i = 0; i < points; ++i)
    for (std::int64_t c = 0; c < dims; ++c)
      rows.push_back(static_cast<float>(random.normal() + (i >= points / 2 && c == 0 ? apart : 0.0)));
  return rows;
}

double distance(analysis::embedding::Umap const& u, std::size_t i, std::size_t j) {
  return std::hypot(u.coordinates[2 * i] - u.coordinates[2 * j], u.coordinates[2 * i + 1] - u.coordinates[2 * j + 1]);
}

/// Share of points whose nearest other point in the embedding lies in the same half.
double same_half(analysis::embedding::Umap const& u) {
  auto const n = static_cast<std::size_t>(u.points);
  std::size_t same = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t best = i == 0 ? 1 : 0;
    for (std::size_t j = 0; j < n; ++j)
      if (j != i && distance(u, i, j) < distance(u, i, best)) best = j;
    same += (i < n / 2) == (best < n / 2);
  }
  return static_cast<double>(same) / static_cast<double>(n);
}

bool finite(analysis::embedding::Umap const& u) {
  return std::all_of(u.coordinates.begin(), u.coordinates.end(), [](float c) { return std::isfinite(c); });
}

}  // namespace

TEST_CASE("two balls stay separate whether or not their graph is connected") {
  for (double const apart : {6.0, 60.0}) {
    CAPTURE(apart);
    auto const u = analysis::embedding::umap<float>(two_balls(300, 5, apart), 300, 5, options);
    CHECK(u.points == 300);
    CHECK(u.neighbors == 15);
    REQUIRE(u.coordinates.size() == 600);
    REQUIRE(finite(u));
    CHECK(same_half(u) > 0.98);
    CHECK((apart < 50 || u.start == analysis::embedding::Start::random));
  }
  CHECK(analysis::embedding::umap<float>(two_balls(300, 5, 0.0), 300, 5, options).start ==
        analysis::embedding::Start::spectral);
}

TEST_CASE("an embedding depends on rows and seed, not on the number of threads") {
  auto const rows = two_balls(200, 4, 3.0), others = two_balls(200, 6, 5.0);
  std::vector<analysis::embedding::Panel> const panels{{rows, 4}, {others, 6}, {rows, 4}};
  auto two = options;
  two.threads = 2;
  auto const alone = analysis::embedding::umap_of_each(panels, 200, options),
             together = analysis::embedding::umap_of_each(panels, 200, two);
  for (std::size_t i = 0; i < panels.size(); ++i) CHECK(alone[i].coordinates == together[i].coordinates);
  CHECK(alone[0].coordinates == alone[2].coordinates);
  CHECK(alone[0].coordinates != alone[1].coordinates);
  CHECK(alone[0].coordinates == analysis::embedding::umap<float>(rows, 200, 4, two).coordinates);
  auto seeded = options;
  seeded.seed = 43;
  CHECK(alone[0].coordinates != analysis::embedding::umap<float>(rows, 200, 4, seeded).coordinates);
}

TEST_CASE("known neighbors are used up to the requested number") {
  auto const rows = two_balls(200, 4, 3.0);
  auto const wide = analysis::neighbors::nearest_neighbors<float>(rows, 200, 4, 40);
  CHECK(analysis::embedding::umap(wide, options).coordinates ==
        analysis::embedding::umap<float>(rows, 200, 4, options).coordinates);
}

TEST_CASE("fewer points than neighbors, duplicates and constant rows can be embedded") {
  for (std::int64_t const points : {0, 1, 2, 3, 4, 5, 7, 14}) {
    CAPTURE(points);
    auto const u = analysis::embedding::umap<float>(two_balls(points, 3, 0.0), points, 3, options);
    CHECK(u.neighbors == points);
    CHECK(u.coordinates.size() == static_cast<std::size_t>(2 * points));
    CHECK(finite(u));
    CHECK(u.start == (points < 2   ? analysis::embedding::Start::none
                      : points < 5 ? analysis::embedding::Start::random
                                   : analysis::embedding::Start::spectral));
    if (points > 1) CHECK(distance(u, 0, 1) > 0);
  }
  CHECK(finite(analysis::embedding::umap<double>(std::vector<double>(300, 1.5), 100, 3, options)));
  // Numbers beyond the range of float.
  auto const rows = two_balls(100, 3, 4.0);
  std::vector<double> huge(rows.begin(), rows.end());
  for (auto& value : huge) value *= 0x1p300;
  CHECK(analysis::embedding::umap<double>(huge, 100, 3, options).coordinates ==
        analysis::embedding::umap<float>(rows, 100, 3, options).coordinates);
  auto doubled = two_balls(100, 3, 0.0);
  doubled.insert(doubled.end(), doubled.begin(), doubled.end());
  CHECK(finite(analysis::embedding::umap<float>(doubled, 200, 3, options)));
}

TEST_CASE("invalid options and rows are rejected") {
  auto rows = two_balls(50, 3, 0.0);
  auto const embed = [&](std::int64_t neighbors, double min_dist) {
    return analysis::embedding::umap<float>(rows, 50, 3,
                                            {.neighbors = neighbors, .min_dist = min_dist, .seed = 1, .threads = 1});
  };
  CHECK_THROWS_WITH(embed(1, 0.3), ContainsSubstring("at least 2"));
  CHECK_THROWS_WITH(embed(10, -0.1), ContainsSubstring("from 0 to 1"));
  CHECK_THROWS_WITH(embed(10, std::numeric_limits<double>::quiet_NaN()), ContainsSubstring("from 0 to 1"));
  rows[17] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(embed(10, 0.3), errors::Error);
  std::vector<analysis::embedding::Panel> const panels{{rows, 3}, {rows, 3}};
  CHECK_THROWS_AS(analysis::embedding::umap_of_each(panels, 50, options), errors::Error);
}
