#include "gpu/neighbors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "errors/errors.hpp"
#include "kernels/cuda/device_array.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::require_gpu;

namespace {

using I = std::int64_t;

std::vector<double> normals(std::uint64_t seed, I count) {
  random::NumpyGenerator random(seed);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = random.normal();
  return values;
}

template <class T>
void require_same(std::vector<double> const& values, I points, I dims, I k,
                  analysis::neighbors::TemporalWindow const& window = {}) {
  std::vector<T> const rows(values.begin(), values.end());
  std::span<T const> const span(rows);
  auto const expected = analysis::neighbors::nearest_neighbors(span, points, dims, k, 0, window);
  auto const found = gpu::neighbor_search()->find(span, points, dims, k, window);
  CAPTURE(points, dims, k, window.steps, sizeof(T));
  REQUIRE(found.points == points);
  REQUIRE(found.k == k);
  // Not REQUIRE(a == b): a failure would print millions of numbers.
  auto const differs = [](auto const& a, auto const& b) {
    if (a.size() != b.size()) return I{-2};
    auto const at = std::mismatch(a.begin(), a.end(), b.begin()).first;
    return at == a.end() ? I{-1} : static_cast<I>(at - a.begin());
  };
  REQUIRE(differs(found.index, expected.index) == -1);
  REQUIRE(differs(found.distance, expected.distance) == -1);
}

void require_same_in_both(std::vector<double> const& values, I points, I dims, I k,
                          analysis::neighbors::TemporalWindow const& window = {}) {
  require_same<float>(values, points, dims, k, window);
  require_same<double>(values, points, dims, k, window);
}

}  // namespace

TEST_CASE("the GPU's neighbors equal the processor's bit for bit", "[gpu][neighbors]") {
  require_gpu();
  // On both sides of the tiles (64 in double, 128 in single precision), of the slabs (16), of the least points and
  // dimensions of single precision (1,024 and 8).
  for (I const points : {2, 5, 63, 65, 301, 1023, 1024, 1153}) {
    for (I const dims : {1, 3, 7, 8, 20, 37, 128}) {
      for (I const k : {1, 10, 100, 190}) {
        if (k >= points) continue;
        require_same<float>(normals(1, points * dims), points, dims, k);
        require_same<double>(normals(2, points * dims), points, dims, k);
      }
    }
  }
}

TEST_CASE("the GPU can return all other points as neighbors", "[gpu][neighbors]") {
  require_gpu();
  require_same_in_both(normals(3, 300 * 12), 300, 12, 299);
  require_same_in_both(normals(4, 2000 * 9), 2000, 9, 1990);
  require_same_in_both(normals(5, 1300 * 2), 1300, 2, 1298);
}

TEST_CASE("on the GPU, single precision preselects candidates and never decides", "[gpu][neighbors]") {
  require_gpu();
  constexpr I points = 3000, dims = 12;
  auto const cloud = normals(6, points * dims);
  auto const changed = [&](std::function<double(double, I, I)> const& change) {
    auto rows = cloud;
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = change(rows[i], static_cast<I>(i) / dims, static_cast<I>(i) % dims);
    return rows;
  };
  SECTION("far from the origin") {
    require_same_in_both(changed([](double x, I, I) { return x + 1e4; }), points, dims, 100);
    require_same<double>(changed([](double x, I, I) { return x + 1e7; }), points, dims, 100);
  }
  SECTION("clusters") {
    require_same_in_both(changed([](double x, I i, I) { return 0.1 * x + 3 * static_cast<double>(i % 7); }), points,
                         dims, 100);
  }
  SECTION("clusters much narrower than their distance") {
    require_same_in_both(changed([](double x, I i, I) { return 1e-5 * x + 100 * static_cast<double>(i % 7); }), points,
                         dims, 30);
  }
  SECTION("one distant row") {
    require_same_in_both(changed([](double x, I i, I) { return i == 77 ? 1e9 * x : x; }), points, dims, 30);
  }
  SECTION("integers, most distances tied") {
    require_same_in_both(changed([](double x, I, I) { return std::round(0.6 * x); }), points, dims, 100);
  }
  SECTION("each row three times") {
    auto rows = cloud;
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = cloud[i % (rows.size() / 3)];
    require_same_in_both(rows, points, dims, 30);
  }
  SECTION("nine in ten rows identical") {
    require_same_in_both(changed([](double x, I i, I) { return i % 10 == 3 ? x : 0.5; }), points, dims, 100);
  }
  SECTION("all rows identical") {
    require_same_in_both(changed([](double, I, I) { return 1.5; }), points, dims, 20);
  }
  SECTION("distances that differ in the last bits") {
    require_same_in_both(
        changed([](double x, I i, I c) { return c == 0 ? 1 + 1e-13 * static_cast<double>(i * i % 101) : 1e-14 * x; }),
        points, dims, 30);
  }
  SECTION("beyond the range of float, and where squares underflow") {
    for (auto const scale : {1e60, 1e-120, 1e-157, 1e-170})
      require_same<double>(changed([=](double x, I, I) { return scale * x; }), points, dims, 30);
  }
  SECTION("a random walk, whose nearest rows are consecutive") {
    auto rows = cloud;
    for (std::size_t i = dims; i < rows.size(); ++i) rows[i] += rows[i - dims];
    require_same_in_both(rows, points, dims, 50);
  }
  SECTION("a periodic series") {
    auto const turn = [](I i) { return 5 * std::sin(2 * M_PI * static_cast<double>(i % 24) / 24); };
    require_same_in_both(changed([=](double x, I i, I c) { return c == 0 ? turn(i) : 1e-3 * x; }), points, dims, 50);
  }
}

TEST_CASE("equal distances are ordered by index on the GPU, too", "[gpu][neighbors]") {
  require_gpu();
  std::vector<double> rows;
  for (int copy = 0; copy < 3; ++copy) {
    for (int x = 0; x < 24; ++x) {
      for (int y = 0; y < 24; ++y) rows.insert(rows.end(), {double(x), double(y)});
    }
  }
  for (I const k : {1, 4, 9, 30, 150}) require_same_in_both(rows, 1728, 2, k);
}

TEST_CASE("points within the temporal window are not neighbors on the GPU", "[gpu][neighbors]") {
  require_gpu();
  constexpr I points = 2500;
  for (I const dims : {3, 12}) {
    auto rows = normals(7, points * dims);
    for (std::size_t i = static_cast<std::size_t>(dims); i < rows.size(); ++i)
      rows[i] += rows[i - static_cast<std::size_t>(dims)];
    std::vector<I> consecutive, scattered, repeated;
    for (I i = 0; i < points; ++i) {
      consecutive.push_back(i);
      scattered.push_back(i * 7 % points - 1000);
      repeated.push_back(i / 40);
    }
    for (I const steps : {1, 25, 500}) {
      require_same_in_both(rows, points, dims, 40, {consecutive, steps});
      require_same_in_both(rows, points, dims, 40, {scattered, steps});
    }
    require_same_in_both(rows, points, dims, 40, {repeated, 3});
    require_same_in_both(rows, points, dims, 40, {repeated, 0});
    require_same<double>(rows, points, dims, points - 1001, {consecutive, 500});
  }
}

TEST_CASE("a layer of the documented size has the same neighbors on the GPU", "[gpu][neighbors_of_a_layer]") {
  require_gpu();
  constexpr I points = 99328, dims = 128;
  auto rows = normals(8, points * dims);
  SECTION("noise") { require_same<float>(rows, points, dims, 100); }
  SECTION("a trajectory with noise, and a window") {
    std::vector<I> time;
    for (I i = 0; i < points; ++i) {
      time.push_back(i);
      for (I c = 0; c < dims; ++c) {
        auto& value = rows[static_cast<std::size_t>(i * dims + c)];
        value = std::sin(2 * M_PI * static_cast<double>(i * (c + 3)) / 2400) + 0.05 * value;
      }
    }
    require_same<float>(rows, points, dims, 100, {time, 10});
  }
}

TEST_CASE("the GPU refuses what the processor refuses, with the same messages", "[gpu][neighbors]") {
  require_gpu();
  auto const search = gpu::neighbor_search();
  auto const words = [](auto const& find) {
    try {
      find();
    } catch (errors::Error const& error) {
      return std::to_string(static_cast<int>(error.code())) + error.what();
    }
    return std::string("nothing");
  };
  for (I const dims : {2, 16}) {
    constexpr I points = 2000;
    auto rows = normals(9, points * dims);
    auto const require_both = [&](I asked_points, I asked_dims, I k, std::string const& part,
                                  analysis::neighbors::TemporalWindow const& window = {}) {
      std::span<double const> const span(rows);
      auto const found = words([&] { (void)search->find(span, asked_points, asked_dims, k, window); });
      CHECK(found ==
            words([&] { (void)analysis::neighbors::nearest_neighbors(span, asked_points, asked_dims, k, 0, window); }));
      CHECK_THAT(found, ContainsSubstring(part));
    };
    std::vector<I> time(points);
    for (I i = 0; i < points; ++i) time[static_cast<std::size_t>(i)] = i;
    require_both(points, dims, points, "2000 neighbors of each of 2000 points");
    require_both(points, dims, 0, "0 neighbors");
    require_both(points, dims + 1, 2, "does not have that shape");
    require_both(points, dims, 2, "outside a window", {time, 999});
    auto const place = static_cast<std::size_t>(3 * dims + 1);
    using limits = std::numeric_limits<double>;
    for (auto const bad : {limits::quiet_NaN(), limits::infinity(), -limits::infinity()}) {
      rows[place] = bad;
      require_both(points, dims, 3, "in row 3, column 1");
    }
    rows[place] = 1e200;
    require_both(points, dims, 9, "Rescale");
    rows[place] = 1e152;  // squares that are finite, of a row that single precision cannot hold
    require_same<double>(rows, points, dims, 9);
  }
}
