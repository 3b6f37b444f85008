#include "analysis/dimension/intrinsic_dimension.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "errors/errors.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
namespace dimension = analysis::dimension;
using analysis::neighbors::Neighbors;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::int64_t points = 2000;

/// numpy: default_rng(0).standard_normal((2000, 5))
std::vector<double> normal_cloud() {
  random::NumpyGenerator random(0);
  std::vector<double> rows(points * 5);
  random.fill_normal(rows);
  return rows;
}

/// numpy: default_rng(0).random((2000, 5))
std::vector<double> uniform_cloud() {
  random::NumpyGenerator random(0);
  std::vector<double> rows(points * 5);
  for (auto& value : rows) value = random.uniform();
  return rows;
}

/// A ring of radius 20 in 20 dimensions with noise 0.1, both from default_rng(0).
std::vector<double> noisy_ring() {
  random::NumpyGenerator random(0);
  std::vector<double> angle(points);
  for (auto& value : angle) value = random.uniform(0, 2 * std::numbers::pi);
  std::vector<double> rows(points * 20);
  for (std::size_t i = 0; i < angle.size(); ++i) {
    rows[20 * i] = 20 * std::cos(angle[i]);
    rows[20 * i + 1] = 20 * std::sin(angle[i]);
  }
  for (auto& value : rows) value += 0.1 * random.normal();
  return rows;
}

std::vector<std::int64_t> const ks = {10, 30, 100};

// The expected numbers come from a numpy script that follows the formulas; it prints more digits than are kept here,
// because sums in a different order change the last ones.
Approx near(double value) { return Approx(value).epsilon(1e-11).margin(0); }

Neighbors distances(std::int64_t k, std::vector<double> rows) {
  auto const count = static_cast<std::int64_t>(rows.size()) / k;
  return {.points = count, .k = k, .distance = std::move(rows), .index = {}};
}

}  // namespace

TEST_CASE("estimators on a normal cloud in five dimensions match NumPy") {
  auto const found = dimension::estimate_all<double>(normal_cloud(), points, 5, ks);
  double const original[] = {5.673227504404763, 5.194472250276299, 4.905413683930529};
  double const unbiased[] = {5.042868892804234, 5.015352517508151, 4.855864050759514};
  double const mackay[] = {5.047212873040805, 4.997237840017657, 4.818509167761497};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found[dimension::levina_bickel_original][i].value == near(original[i]));
    CHECK(found[dimension::levina_bickel][i].value == near(unbiased[i]));
    CHECK(found[dimension::mackay_ghahramani][i].value == near(mackay[i]));
  }
  CHECK(found[dimension::two_nn_ml][0].value == near(5.1096843337029565));
  CHECK(found[dimension::two_nn_ls][0].value == near(5.100902513767811));
  CHECK(found.duplicates == 0);
  CHECK(found.n1 == std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64});
  double const gride[] = {5.109684333702956, 5.056877408224519, 5.0704002531317744, 5.018306523636554,
                          4.935292437728549, 4.807158192057706, 4.6414804933610805};
  double const gride_se[] = {0.11425601513725528, 0.08150819657489601,  0.057914638221390605, 0.04051976628338316,
                             0.02816793642999186, 0.019394260760070562, 0.01323906329052867};
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(found[dimension::gride][i].value == near(gride[i]));
    CHECK(found[dimension::gride][i].se == near(gride_se[i]));
  }
}

TEST_CASE("estimators on a uniform cube in five dimensions match NumPy") {
  auto const found = dimension::estimate_all<double>(uniform_cloud(), points, 5, ks);
  double const unbiased[] = {4.538143317003902, 4.442636485633248, 4.248369682127242};
  for (std::size_t i = 0; i < 3; ++i) CHECK(found[dimension::levina_bickel][i].value == near(unbiased[i]));
  CHECK(found[dimension::two_nn_ls][0].value == near(4.723459302253256));
  CHECK(found[dimension::two_nn_ml][0].value == near(4.736760675147093));
}

TEST_CASE("Gride falls from the noise's dimension to the ring's as neighborhoods grow") {
  auto const found = dimension::estimate_all<double>(noisy_ring(), points, 20, ks);
  double const gride[] = {11.333638937236785, 9.208698911825888,  6.793181679515171, 3.969131610365175,
                          1.8764809912495404, 1.2179931365587353, 1.0583363488681639};
  for (std::size_t i = 0; i < 7; ++i) CHECK(found[dimension::gride][i].value == near(gride[i]));
}

TEST_CASE("nominal errors are close to the spread over independent clouds") {
  // The spread of each estimator over many small clouds, divided by its stated error: 1 except for overlapping
  // neighborhoods. Over 400 clouds it is 1.18, 1.20, 0.94, 1.15; over 60, those move by about a tenth.
  random::NumpyGenerator random(11);
  constexpr int clouds = 60;
  constexpr std::int64_t n = 400;
  struct Spread {
    double sum = 0, squares = 0, stated = 0;
    void add(dimension::Estimate const& e) { sum += e.value, squares += e.value * e.value, stated += e.se; }
    [[nodiscard]] double ratio() const {
      return std::sqrt(squares / clouds - (sum / clouds) * (sum / clouds)) / (stated / clouds);
    }
  } ml, ls, lb, mg;
  for (int cloud = 0; cloud < clouds; ++cloud) {
    std::vector<double> rows(n * 2);
    for (auto& value : rows) value = random.uniform();
    auto const found = dimension::estimate_all<double>(rows, n, 2, {5});
    ml.add(found[dimension::two_nn_ml][0]);
    ls.add(found[dimension::two_nn_ls][0]);
    lb.add(found[dimension::levina_bickel][0]);
    mg.add(found[dimension::mackay_ghahramani][0]);
  }
  for (auto const* spread : {&ml, &ls, &lb, &mg}) {
    CHECK(spread->ratio() > 0.7);
    CHECK(spread->ratio() < 1.6);
  }
}

TEST_CASE("Levina-Bickel matches a hand calculation") {
  // T = 1, 2, 4: ln(4/1) + ln(4/2) = 3 ln 2. A second point, T = 1, 1, e: ln e + ln e = 2.
  auto const two = distances(3, {1, 2, 4, 1, 1, std::numbers::e});
  auto const log8 = 3 * std::numbers::ln2;
  CHECK(dimension::levina_bickel_original(two, 3).value == near((2 / log8 + 2 / 2.0) / 2));
  CHECK(dimension::levina_bickel(two, 3).value == near((1 / log8 + 1 / 2.0) / 2));
  CHECK(dimension::mackay_ghahramani(two, 3).value == near(1 / ((log8 / 2 + 2 / 2.0) / 2)));
  CHECK(std::isnan(dimension::levina_bickel(two, 3).se));  // the variance needs k > 3
  CHECK(dimension::mackay_ghahramani(two, 3).se == near(dimension::mackay_ghahramani(two, 3).value / 2));
  auto const four = distances(4, {1, 1, 1, std::numbers::e});
  CHECK(dimension::levina_bickel(four, 4).value == near(2.0 / 3));
  CHECK(dimension::levina_bickel(four, 4).se == near(2.0 / 3));
}

TEST_CASE("TwoNN and Gride match a hand calculation") {
  // ln mu = 1, 1, 2
  auto const three = distances(2, {1, std::exp(1.0), 2, 2 * std::exp(1.0), 1, std::exp(2.0)});
  CHECK(dimension::two_nn_ml(three).value == near(2.0 / 4));
  CHECK(dimension::two_nn_ml(three).se == near(2.0 / 4));
  CHECK(dimension::gride(three, 1).value == near(2.0 / 4));
  // 27 / 10 = 2 of the three: x = 1, 1; y = -ln(2/3), -ln(1/3)
  CHECK(dimension::two_nn_ls(three).value == near((std::log(1.5) + std::log(3.0)) / 2));
}

TEST_CASE("a duplicate row") {
  // The first point has a copy at distance 0.
  auto const with_copy = distances(4, {0, 1, 2, 4, 1, 2, 2, 4});
  auto const clean = 5 * std::numbers::ln2 - std::numbers::ln2;  // ln 4 + ln 2 + ln 2
  SECTION("counts as 0 in the original's form") {
    CHECK(dimension::levina_bickel_original(with_copy, 4).value == near((0 + 3 / clean) / 2));
  }
  SECTION("is skipped by the other estimators") {
    auto const rest = 3 * std::numbers::ln2;
    CHECK(dimension::levina_bickel(with_copy, 4).value == near((1 / rest + 2 / clean) / 2));
    CHECK(dimension::mackay_ghahramani(with_copy, 4).value == near(1 / ((rest / 2 + clean / 3) / 2)));
    CHECK(dimension::two_nn_ml(with_copy).value == near(1 / (2 * std::numbers::ln2)));
    CHECK(std::isfinite(dimension::gride(with_copy, 1).value));
  }
  SECTION("is counted") { CHECK(dimension::estimate_all(with_copy, {3}).duplicates == 1); }
  SECTION("does not move a cloud's estimate to 0 or infinity") {
    auto rows = normal_cloud();
    std::copy_n(rows.begin(), 5, rows.begin() + 5);
    auto const found = dimension::estimate_all<double>(rows, points, 5, ks);
    CHECK(found.duplicates == 2);
    CHECK(found[dimension::two_nn_ml][0].value == Approx(5.11).margin(0.05));
    CHECK(found[dimension::two_nn_ls][0].value == Approx(5.10).margin(0.05));
    CHECK(found[dimension::levina_bickel][0].value == Approx(5.043).margin(0.01));
    CHECK(found[dimension::gride][0].value == Approx(5.11).margin(0.05));
  }
}

TEST_CASE("copies affect only the original's form: elsewhere they are neither points nor neighbors") {
  constexpr std::int64_t some = 600, dims = 5;
  auto const whole = normal_cloud();
  std::vector<double> const once(whole.begin(), whole.begin() + some * dims);
  auto rows = once;
  for (std::int64_t i = 0; i < 65; ++i)  // 60 of the rows, five of them twice; -0 is 0
    rows.insert(rows.end(), once.begin() + i % 60 * dims, once.begin() + (i % 60 + 1) * dims);
  rows[0] = 0.0, rows[some * dims] = -0.0, rows[(some + 60) * dims] = -0.0;
  auto expected_rows = once;
  expected_rows[0] = 0.0;
  std::vector<std::int64_t> time;
  for (std::int64_t i = 0; i < some + 65; ++i) time.push_back(i < some ? i : 2 * i);
  dimension::EstimateOptions options;
  options.window = {time, 3};
  auto const found = dimension::estimate_all<double>(rows, some + 65, dims, {10, 30}, options);
  options.window = {std::span(time).first(some), 3};
  auto const expected = dimension::estimate_all<double>(expected_rows, some, dims, {10, 30}, options);
  auto const all = analysis::neighbors::nearest_neighbors<double>(rows, some + 65, dims, 30, 0, {time, 3});
  CHECK(found.points == some + 65);
  CHECK(found.duplicates == 60 + 65);
  CHECK(found[dimension::two_nn_ml][0].value == expected[dimension::two_nn_ml][0].value);
  CHECK(found[dimension::two_nn_ls][0].value == expected[dimension::two_nn_ls][0].value);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(found[dimension::levina_bickel][i].value == expected[dimension::levina_bickel][i].value);
    CHECK(found[dimension::mackay_ghahramani][i].value == expected[dimension::mackay_ghahramani][i].value);
    CHECK(found.distance_k[i] == expected.distance_k[i]);
    CHECK(found[dimension::levina_bickel_original][i].value ==
          dimension::levina_bickel_original(all, found.k[i]).value);
  }
  for (std::size_t i = 0; i < found[dimension::gride].size(); ++i)
    CHECK(found[dimension::gride][i].value == expected[dimension::gride][i].value);
}

TEST_CASE("data without a dimension give NaN") {
  SECTION("constant data") {
    std::vector<float> const rows(50 * 4, 2.5f);
    auto const found = dimension::estimate_all<float>(rows, 50, 4, {10});
    CHECK(found.duplicates == 50);
    for (auto const& e : {found[dimension::levina_bickel_original][0], found[dimension::levina_bickel][0],
                          found[dimension::mackay_ghahramani][0], found[dimension::two_nn_ml][0],
                          found[dimension::two_nn_ls][0], found[dimension::gride][0]}) {
      CHECK(std::isnan(e.value));
    }
  }
  SECTION("all neighbors equally far") {
    auto const equal = distances(4, {1, 1, 1, 1, 2, 2, 2, 2});
    auto const found = dimension::estimate_all(equal, {4});
    for (auto const& e : {found[dimension::levina_bickel_original][0], found[dimension::levina_bickel][0],
                          found[dimension::mackay_ghahramani][0], found[dimension::two_nn_ml][0],
                          found[dimension::two_nn_ls][0], found[dimension::gride][0]}) {
      CHECK(std::isnan(e.value));
    }
  }
}

TEST_CASE("fewer points than neighbors, and NaN, are rejected with a clear message") {
  auto rows = normal_cloud();
  rows.resize(50 * 5);
  CHECK_THROWS_WITH(dimension::estimate_all<double>(rows, 50, 5, {10, 100}),
                    ContainsSubstring("100 neighbors of each of 50 points"));
  CHECK_THROWS_WITH(dimension::estimate_all<double>(rows, 50, 5, {2}), ContainsSubstring("k = 2"));
  CHECK(dimension::estimate_all<double>(rows, 50, 5, {10}).n1 == std::vector<std::int64_t>{1, 2, 4, 8, 16});
  rows[3] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(dimension::estimate_all<double>(rows, 50, 5, {10}), ContainsSubstring("row 0, column 3"));
}

TEST_CASE("estimates do not depend on the number of threads") {
  auto const rows = normal_cloud();
  auto const one = dimension::estimate_all<double>(rows, points, 5, ks, 1);
  auto const four = dimension::estimate_all<double>(rows, points, 5, ks, 4);
  for (std::size_t i = 0; i < ks.size(); ++i)
    CHECK(one[dimension::levina_bickel_original][i].value == four[dimension::levina_bickel_original][i].value);
  CHECK(one[dimension::gride][3].value == four[dimension::gride][3].value);
}
