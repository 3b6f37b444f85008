#include "analysis/dimension/plateau.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using analysis::dimension::Estimate;
using analysis::statistics::BlockShifts;
using Catch::Approx;
using mambasynth::random::NumpyGenerator;

namespace {

constexpr std::size_t blocks = 20;

/// A curve whose entries err independently of each other: their shifts by block are orthogonal (cosines).
struct Curve {
  std::vector<Estimate> values;
  std::vector<BlockShifts> shifts;
};
Curve curve(std::vector<double> const& values, double error) {
  Curve made;
  for (auto const value : values) {
    std::vector<double> shift;
    for (std::size_t b = 0; b < blocks; ++b)
      shift.push_back(error * std::sqrt(2.0 / blocks) *
                      std::cos(std::numbers::pi * (static_cast<double>(b) + 0.5) *
                               static_cast<double>(made.values.size() + 1) / static_cast<double>(blocks)));
    made.values.push_back({value, error, error});
    made.shifts.push_back({shift, shift});
  }
  return made;
}
std::optional<analysis::dimension::Plateau> plateau_of(Curve const& made) {
  return analysis::dimension::find_plateau(made.values, made.shifts);
}

/// On how many of `draws` samples a plateau is marked, and the mean of its values there.
struct Marked {
  int count = 0;
  double mean = 0;
};
Marked marked(int draws, std::int64_t points, std::int64_t dims,
              std::function<void(NumpyGenerator&, std::vector<double>&)> const& add_point) {
  std::vector<std::int64_t> time(static_cast<std::size_t>(points));
  std::iota(time.begin(), time.end(), std::int64_t{0});
  analysis::dimension::EstimateOptions options;
  options.blocks = analysis::statistics::blocks_in_time(time, blocks);
  Marked all;
  for (int draw = 0; draw < draws; ++draw) {
    NumpyGenerator random(static_cast<std::uint64_t>(300 + draw));
    std::vector<double> rows;
    for (std::int64_t i = 0; i < points; ++i) add_point(random, rows);
    auto const found = analysis::dimension::estimate_all<double>(rows, points, dims, {}, options);
    if (!found.plateau) continue;
    ++all.count;
    all.mean += (found.plateau->value - all.mean) / all.count;
  }
  return all;
}

}  // namespace

TEST_CASE("a plateau is marked only if there is one") {
  SECTION("a noisy ring's falling curve has none") {
    CHECK_FALSE(plateau_of(curve({11.33, 9.21, 6.79, 3.97, 1.88, 1.22, 1.06}, 0.02)));
  }
  SECTION("a flat stretch is found") {
    auto const found = plateau_of(curve({9, 5, 2.03, 2.0, 2.02, 2.01, 1.4}, 0.02));
    REQUIRE(found);
    CHECK(found->first == 2);
    CHECK(found->last == 5);
    CHECK(found->value == Approx(2.015));
  }
  SECTION("a fall of many standard errors is not one, however slow") {
    CHECK(plateau_of(curve({2.0, 1.99, 1.98, 1.97}, 0.03)));
    CHECK_FALSE(plateau_of(curve({2.0, 1.99, 1.98, 1.97}, 0.003)));  // slope: 0.01 +- 0.0013
  }
  SECTION("three entries are too few") { CHECK_FALSE(plateau_of(curve({9, 5, 2.02, 2.0, 2.01}, 0.02))); }
  SECTION("an imprecise curve has none") { CHECK_FALSE(plateau_of(curve({2, 2, 2, 2, 2}, 0.2))); }
  SECTION("a curve without blocks has none") {
    auto const flat = curve({2, 2, 2, 2, 2}, 0.02);
    CHECK(plateau_of(flat));
    CHECK_FALSE(analysis::dimension::find_plateau(flat.values, {}));
  }
  SECTION("a curve interrupted by NaN has none") {
    CHECK_FALSE(plateau_of(curve({2, 2, std::numeric_limits<double>::quiet_NaN(), 2, 2}, 0.01)));
  }
}

// Of 60 to 70 draws each, a plateau was marked on 1 (normal), 0 (cube), 69 (swiss roll) and all (torus).
TEST_CASE("a plateau is rarely marked in many dimensions, where every curve falls") {
  constexpr int draws = 12;
  auto const normal = [](NumpyGenerator& random, std::vector<double>& rows) {
    for (int c = 0; c < 10; ++c) rows.push_back(random.normal());
  };
  CHECK(marked(draws, 1000, 10, normal).count <= 1);
  auto const cube = [](NumpyGenerator& random, std::vector<double>& rows) {
    for (int c = 0; c < 10; ++c) rows.push_back(random.uniform());
  };
  CHECK(marked(draws, 1000, 10, cube).count <= 1);
}

TEST_CASE("a plateau is marked on surfaces") {
  constexpr int draws = 6;
  auto const torus = [](NumpyGenerator& random, std::vector<double>& rows) {
    auto const a = random.uniform(0, 2 * std::numbers::pi), b = random.uniform(0, 2 * std::numbers::pi);
    rows.insert(rows.end(), {(2 + std::cos(b)) * std::cos(a), (2 + std::cos(b)) * std::sin(a), std::sin(b)});
  };
  auto const found = marked(draws, 5000, 3, torus);
  CHECK(found.count >= draws - 1);
  CHECK(found.mean == Approx(2).margin(0.04));
  auto const swiss_roll = [](NumpyGenerator& random, std::vector<double>& rows) {
    auto const t = 1.5 * std::numbers::pi * (1 + 2 * random.uniform());
    rows.insert(rows.end(), {t * std::cos(t), 21 * random.uniform(), t * std::sin(t)});
  };
  CHECK(marked(draws, 5000, 3, swiss_roll).count >= draws - 1);
}
