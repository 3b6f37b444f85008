#include "kernels/cuda/nearest/nearest_plan.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <set>

#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::kernels::cuda;
using mambasynth::tests::Uniform;

TEST_CASE("the search for a layer's neighbors needs at most half a gigabyte in addition to its rows") {
  auto const plan = nearest_plan(99328, 128, 100);
  CHECK(plan.sift);
  CHECK(plan.panels() == 776);
  CHECK(plan.packed_dims() == 128);
  CHECK(plan.sample == 8192);
  CHECK(plan.rank == 20);  // 8.2 of the 100 neighbors, three times their root, and 3
  CHECK(plan.sift_queries * plan.sample * 4 <= 1 << 28);
  CHECK(plan.sift_queries * plan.capacity * 4 <= 1 << 28);
  CHECK(plan.exact_queries * plan.points * 8 <= 1 << 28);
}

TEST_CASE("every plan for a neighbor search can be executed") {
  for (std::int64_t const points : {2, 100, 1023, 1024, 1500, 4096, 20000, 70000, 1000000, 50000000}) {
    for (std::int64_t const dims : {1, 7, 8, 17, 4096}) {
      for (std::int64_t const k : {1, 10, 100, 1000, 10000}) {
        if (k >= points) continue;
        auto const plan = nearest_plan(points, dims, k);
        CAPTURE(points, dims, k);
        CHECK(plan.exact_queries >= 1);
        CHECK((plan.exact_queries == 1 || plan.exact_queries * points * 8 <= 1 << 28));
        CHECK(plan.packed_dims() >= dims);
        if (dims < 8 || points < 1024) CHECK_FALSE(plan.sift);
        if (!plan.sift) continue;
        CHECK(plan.sample % nearest_tile == 0);
        CHECK(plan.sample <= points);
        CHECK(plan.rank <= plan.sample);
        CHECK(plan.capacity > k);
        CHECK(plan.capacity <= most_nearest_capacity);
        CHECK(plan.sift_queries >= nearest_tile);
        CHECK(plan.sift_queries % nearest_tile == 0);
      }
    }
  }
}

TEST_CASE("the sample has a row from every run of rows and aliases with no period") {
  auto const plan = nearest_plan(98304, 16, 100);  // stretches of 12
  auto const rows = nearest_sample(plan);
  REQUIRE(static_cast<std::int64_t>(rows.size()) == plan.sample);
  std::set<std::int32_t> phases;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(rows[i] / 12 == static_cast<std::int32_t>(i));
    phases.insert(rows[i] % 24);
  }
  CHECK(phases.size() == 24);
}

TEST_CASE("values in single precision stay within their error bound for any order of summation") {
  for (std::int64_t const dims : {8, 128, 1000}) {
    // All of one sign: rounding errors add up.
    auto const x = Uniform(1).operator()<double>(dims, 0, 1), y = Uniform(2).operator()<double>(dims, 0, 1);
    auto const n = static_cast<std::size_t>(dims);
    auto const scaled = [&](std::vector<double> v, double length) {
      double squares = 0;
      for (auto const e : v) squares += e * e;
      for (auto& e : v) e *= length / std::sqrt(squares);
      return v;
    };
    auto const a = scaled(x, 0.3), b = scaled(y, 0.9);
    float forward = 0, backward = 0, even = 0, odd = 0;
    double exact = 0, norm = 0;
    for (std::size_t c = 0; c < n; ++c) {
      auto const product = [&](std::size_t at, float sum) {
        return std::fma(static_cast<float>(a[at]), static_cast<float>(b[at]), sum);
      };
      forward = product(c, forward);
      backward = product(n - 1 - c, backward);
      (c % 2 ? odd : even) = product(c, c % 2 ? odd : even);
      exact += a[c] * b[c];
      norm += b[c] * b[c];
    }
    auto const bound = nearest_error_unit(dims) * (0.9 * 0.9 + 2 * 0.3 * 0.9);
    for (auto const sum : {forward, backward, even + odd}) {
      auto const value = std::fma(-2.0f, sum, static_cast<float>(norm));
      CHECK(std::abs(static_cast<double>(value) - (norm - 2 * exact)) < bound);
    }
  }
}
