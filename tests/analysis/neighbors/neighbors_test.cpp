#include "analysis/neighbors/neighbors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class T>
std::vector<T> normals(std::uint64_t seed, std::int64_t count) {
  random::NumpyGenerator random(seed);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = static_cast<T>(random.normal());
  return values;
}

/// Every distance in double by the definition, then a stable sort.
template <class T>
analysis::neighbors::Neighbors brute_force(std::vector<T> const& rows, std::int64_t points, std::int64_t dims,
                                           std::int64_t k) {
  analysis::neighbors::Neighbors result{.points = points, .k = k, .distance = {}, .index = {}};
  for (std::int64_t i = 0; i < points; ++i) {
    std::vector<double> distance;
    for (std::int64_t j = 0; j < points; ++j) {
      double sum = 0;
      for (std::int64_t c = 0; c < dims; ++c) {
        auto const difference = static_cast<double>(rows[static_cast<std::size_t>(i * dims + c)]) -
                                static_cast<double>(rows[static_cast<std::size_t>(j * dims + c)]);
        sum = std::fma(difference, difference, sum);
      }
      distance.push_back(std::sqrt(sum));
    }
    std::vector<std::int32_t> order(static_cast<std::size_t>(points));
    std::iota(order.begin(), order.end(), 0);
    order.erase(order.begin() + i);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
      return distance[static_cast<std::size_t>(a)] < distance[static_cast<std::size_t>(b)];
    });
    for (std::int64_t j = 0; j < k; ++j) {
      result.index.push_back(order[static_cast<std::size_t>(j)]);
      result.distance.push_back(distance[static_cast<std::size_t>(order[static_cast<std::size_t>(j)])]);
    }
  }
  return result;
}

template <class T>
void require_same(std::vector<T> const& rows, std::int64_t points, std::int64_t dims, std::int64_t k) {
  auto const expected = brute_force(rows, points, dims, k);
  auto const found = analysis::neighbors::nearest_neighbors<T>(rows, points, dims, k);
  REQUIRE(found.index == expected.index);
  REQUIRE(found.distance == expected.distance);
}

}  // namespace

TEST_CASE("neighbors match a brute-force search in double bit for bit") {
  // Sizes on both sides of the lanes (16), the query block (32), the candidate block (128) and a crowded list (3 k +
  // 32).
  for (auto const points : {2, 5, 16, 17, 31, 33, 127, 129, 301}) {
    for (auto const dims : {1, 3, 20}) {
      for (auto const k : {1, 2, 10, 126}) {
        if (k >= points) continue;
        CAPTURE(points, dims, k);
        require_same(normals<float>(1, points * dims), points, dims, k);
        require_same(normals<double>(2, points * dims), points, dims, k);
      }
    }
  }
}

TEST_CASE("all other points can be requested") { require_same(normals<double>(3, 140 * 2), 140, 2, 139); }

TEST_CASE("the pass in single precision never changes the result") {
  // Twelve dimensions and enough points for the pass in single precision; each case would fail in single precision
  // alone.
  constexpr std::int64_t points = 900, dims = 12;
  auto const cloud = normals<double>(6, points * dims);
  auto const changed = [&](auto change) {
    auto rows = cloud;
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = change(rows[i], static_cast<std::int64_t>(i) / dims, static_cast<std::int64_t>(i) % dims);
    return rows;
  };
  using I = std::int64_t;
  SECTION("far from the origin") {
    require_same(changed([](double x, I, I) { return x + 1e7; }), points, dims, 30);
  }
  SECTION("clusters much narrower than their distance") {
    require_same(changed([](double x, I i, I) { return 1e-5 * x + 100 * static_cast<double>(i % 7); }), points, dims,
                 30);
  }
  SECTION("one distant row") {
    require_same(changed([](double x, I i, I) { return i == 77 ? 1e9 * x : x; }), points, dims, 30);
  }
  SECTION("whole numbers, most distances tied") {
    require_same(changed([](double x, I, I) { return std::round(0.6 * x); }), points, dims, 30);
  }
  SECTION("each row three times") {
    auto rows = cloud;
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = cloud[i % (rows.size() / 3)];
    require_same(rows, points, dims, 30);
  }
  SECTION("distances that differ in the last bits") {
    require_same(
        changed([](double x, I i, I c) { return c == 0 ? 1 + 1e-13 * static_cast<double>(i * i % 101) : 1e-14 * x; }),
        points, dims, 30);
  }
  SECTION("beyond the range of float") {
    require_same(changed([](double x, I, I) { return 1e60 * x; }), points, dims, 30);
    require_same(changed([](double x, I, I) { return 1e-120 * x; }), points, dims, 30);
  }
  SECTION("squares that underflow: the neighbors of the same rows in a larger unit") {
    for (double const unit : {1e-162, 1e-170, 1e-290}) {
      auto const rows = changed([&](double x, I, I) { return unit * x; });
      auto larger = rows;
      for (auto& value : larger) value = std::ldexp(value, 600);
      auto expected = brute_force(larger, points, dims, 30);
      for (auto& distance : expected.distance) distance = std::ldexp(distance, -600);
      auto const found = analysis::neighbors::nearest_neighbors<double>(rows, points, dims, 30);
      REQUIRE(found.index == expected.index);
      REQUIRE(found.distance == expected.distance);
    }
  }
  SECTION("a random walk, whose nearest rows are consecutive") {
    auto rows = cloud;
    for (std::size_t i = dims; i < rows.size(); ++i) rows[i] += rows[i - dims];
    require_same(rows, points, dims, 50);
    std::vector<float> const single(rows.begin(), rows.end());
    require_same(single, points, dims, 50);
  }
  SECTION("with a window, both passes agree for any number of threads") {
    std::vector<std::int64_t> time(points);
    for (std::size_t i = 0; i < time.size(); ++i) time[i] = static_cast<std::int64_t>(i * 7 % points);
    auto const found = analysis::neighbors::nearest_neighbors<double>(cloud, points, dims, 40, 3, {time, 25});
    auto const all = brute_force(cloud, points, dims, points - 1);
    for (std::int64_t i = 0; i < points; ++i) {
      std::vector<std::int32_t> expected;
      for (std::int64_t j = 0; j < points - 1 && expected.size() < 40; ++j) {
        auto const other = all.index[static_cast<std::size_t>(i * (points - 1) + j)];
        if (std::abs(time[static_cast<std::size_t>(i)] - time[static_cast<std::size_t>(other)]) > 25)
          expected.push_back(other);
      }
      REQUIRE(std::vector(found.index.begin() + i * 40, found.index.begin() + (i + 1) * 40) == expected);
    }
  }
}

TEST_CASE("ties are in the order of the indices") {
  // A 12 x 12 lattice with each point twice: distances are exact, most of them tied, duplicates included.
  std::vector<double> rows;
  for (int copy = 0; copy < 2; ++copy) {
    for (int x = 0; x < 12; ++x) {
      for (int y = 0; y < 12; ++y) rows.insert(rows.end(), {double(x), double(y)});
    }
  }
  for (auto const k : {1, 4, 9, 30, 150}) require_same(rows, 288, 2, k);

  auto const found = analysis::neighbors::nearest_neighbors<double>(rows, 288, 2, 5);
  CHECK(found.index[0] == 144);  // its own copy, at distance 0
  CHECK(found.distance[0] == 0);
  CHECK(std::vector(found.index.begin() + 1, found.index.begin() + 5) == std::vector<std::int32_t>{1, 12, 145, 156});
}

TEST_CASE("constant rows have their neighbors at distance 0") {
  require_same(std::vector<float>(200 * 3, 1.5f), 200, 3, 7);
}

TEST_CASE("neighbors are bit-identical for any number of threads") {
  auto const rows = normals<float>(4, 700 * 24);
  auto const one = analysis::neighbors::nearest_neighbors<float>(rows, 700, 24, 50, 1);
  for (auto const threads : {2, 3, 8}) {
    auto const more = analysis::neighbors::nearest_neighbors<float>(rows, 700, 24, 50, threads);
    CHECK(more.index == one.index);
    CHECK(more.distance == one.distance);
  }
}

TEST_CASE("invalid input is rejected with a clear message") {
  auto rows = normals<double>(5, 10 * 2);
  using analysis::neighbors::nearest_neighbors;
  CHECK_THROWS_WITH(nearest_neighbors<double>(rows, 10, 2, 10), ContainsSubstring("10 neighbors of each of 10 points"));
  CHECK_THROWS_AS(nearest_neighbors<double>(rows, 10, 2, 0), errors::Error);
  CHECK_THROWS_AS(nearest_neighbors<double>(rows, 10, 3, 2), errors::Error);
  rows[7] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(nearest_neighbors<double>(rows, 10, 2, 3), ContainsSubstring("value nan in row 3, column 1"));
  rows[7] = 1e200;
  try {
    nearest_neighbors<double>(rows, 10, 2, 9);
    FAIL("squares beyond the range of double passed");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::input);
    CHECK_THAT(error.what(), ContainsSubstring("Rescale"));
  }
}
