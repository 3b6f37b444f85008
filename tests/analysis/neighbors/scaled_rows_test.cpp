#include "analysis/neighbors/scaled_rows.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/dimension/full_correlation.hpp"
#include "analysis/dimension/intrinsic_dimension.hpp"
#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
namespace dimension = analysis::dimension;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::int64_t points = 240, dims = 9;  // enough for the search in single precision
std::vector<std::int64_t> const ks = {5, 12};

/// Whole numbers up to 1000, so that their unit may be the smallest positive double.
std::vector<double> whole_cloud() {
  random::NumpyGenerator random(4);
  std::vector<double> rows(points * dims);
  for (auto& value : rows) value = std::floor(random.uniform(-1000, 1000));
  return rows;
}

std::vector<double> times(std::vector<double> rows, double factor) {
  for (auto& value : rows) value *= factor;
  return rows;
}

dimension::DimensionEstimates estimates(std::vector<double> const& rows, std::int64_t count = points) {
  dimension::EstimateOptions options;
  std::vector<std::int64_t> time(static_cast<std::size_t>(count));
  std::iota(time.begin(), time.end(), 0);
  options.blocks = analysis::statistics::blocks_in_time(time, 4);
  return dimension::estimate_all<double>(rows, count, dims, ks, options);
}

void require_same(dimension::DimensionEstimates const& found, dimension::DimensionEstimates const& expected) {
  auto const same = [](dimension::Estimate const& a, dimension::Estimate const& b) {
    CHECK(a.value == Approx(b.value).epsilon(1e-12).margin(0));
    CHECK(a.se == Approx(b.se).epsilon(1e-12).margin(0));
    CHECK(a.se_blocks == Approx(b.se_blocks).epsilon(1e-9).margin(0));
  };
  CHECK(found.duplicates == expected.duplicates);
  same(found[dimension::two_nn_ml][0], expected[dimension::two_nn_ml][0]);
  same(found[dimension::two_nn_ls][0], expected[dimension::two_nn_ls][0]);
  for (std::size_t i = 0; i < ks.size(); ++i) {
    same(found[dimension::levina_bickel_original][i], expected[dimension::levina_bickel_original][i]);
    same(found[dimension::levina_bickel][i], expected[dimension::levina_bickel][i]);
    same(found[dimension::mackay_ghahramani][i], expected[dimension::mackay_ghahramani][i]);
  }
  for (std::size_t i = 0; i < expected[dimension::gride].size(); ++i)
    same(found[dimension::gride][i], expected[dimension::gride][i]);
}

}  // namespace

TEST_CASE("estimates do not depend on the unit of the rows") {
  auto rows = whole_cloud();
  std::copy_n(rows.begin(), dims, rows.begin() + dims * 7);  // one true copy
  auto const expected = estimates(rows);
  REQUIRE(expected.duplicates == 2);
  for (double const unit :
       {1e-20, 1e-150, 1e-162, 1e-170, 1e-200, 1e-300, 0x1p-1074, 0x1p-1060, 1e20, 1e150, 1e160, 1e300, -1e304}) {
    CAPTURE(unit);
    auto const found = estimates(times(rows, unit));
    require_same(found, expected);
    if (std::abs(unit) > 1e-300)
      CHECK(found.distance_k[0] == Approx(expected.distance_k[0] * std::abs(unit)).epsilon(1e-12).margin(0));
  }
}

TEST_CASE("rows within the ordinary range are not scaled") {
  for (double const unit : {1.0, 0x1p-300, 0x1p280})
    CHECK(analysis::neighbors::scaled_rows(times(whole_cloud(), unit), dims).copy.empty());
  CHECK(analysis::neighbors::scaled_rows(std::vector<double>(18, 0.0), dims).copy.empty());
  auto const scaled = analysis::neighbors::scaled_rows(std::vector<double>{0x1p-1074, -0x1p-1073}, 2);
  CHECK(scaled.rows[0] == 0x1p399);
  CHECK(scaled.rows[1] == -0x1p400);
  CHECK(scaled.exponent == 1473);
}

TEST_CASE("rows of very different magnitude keep their neighbors") {
  // Two clouds that never meet: the sum of ln mu over both is known from each alone.
  auto large = whole_cloud(), small = whole_cloud();
  small.resize(small.size() / 2);
  large.erase(large.begin(), large.begin() + std::ssize(small));
  for (auto& value : large) value += 1e6;
  auto const half = points / 2;
  auto const sum = [&](std::vector<double> const& rows) {
    return static_cast<double>(half - 1) / estimates(rows, half)[dimension::two_nn_ml][0].value;
  };
  auto const expected = static_cast<double>(points - 1) / (sum(small) + sum(large));
  for (double const unit : {1e-3, 1e-150, 1e-170, 1e-250, 1e-300, 0x1p-1074}) {
    CAPTURE(unit);
    auto rows = times(small, unit);
    rows.insert(rows.end(), large.begin(), large.end());
    auto const found = estimates(rows);
    CHECK(found.duplicates == 0);
    CHECK(found[dimension::two_nn_ml][0].value == Approx(expected).epsilon(1e-12).margin(0));
  }
}

TEST_CASE("columns of very different magnitude and a large offset are handled") {
  auto rows = whole_cloud();
  auto const expected = estimates(rows);
  auto offset = rows;
  for (auto& value : offset) value += 0x1p52;
  require_same(estimates(offset), expected);
  // All but the first column are too small to matter, but still distinguish rows.
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] *= i % dims == 0 ? 1e150 : 1e-150;
  CHECK(estimates(rows).duplicates == 0);
  CHECK(estimates(rows)[dimension::two_nn_ml][0].value > 0);
}

TEST_CASE("values that no scaling brings into range are rejected") {
  auto rows = whole_cloud();
  rows[3] = 1e308;
  rows[dims * 2 + 1] = 1.2345e-300;
  try {
    estimates(rows);
    FAIL("it was measured");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::input);
    CHECK_THAT(error.what(), ContainsSubstring("row 2, column 1"));
  }
}

TEST_CASE("full correlation does not depend on the unit of the rows") {
  auto const rows = whole_cloud();
  std::vector<std::int64_t> const centers = {0, 50, 100};
  auto const at = [&](double unit) {
    return dimension::local_correlation_dimension(times(rows, unit), points, dims, centers, {60}, {}, 1).dimension[0];
  };
  for (double const unit : {1e-170, 0x1p-1074, 1e160, 1e300}) CHECK(at(unit) == Approx(at(1)).epsilon(1e-7));
}
