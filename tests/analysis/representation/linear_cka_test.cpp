#include "analysis/representation/linear_cka.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

#include "analysis/representation/cka_between.hpp"
#include "analysis/representation/draws.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using namespace analysis::representation;
using analysis::representation::CrossMoments;
using analysis::representation::Rows;
using Catch::Approx;
using Doubles = std::span<double const>;

namespace {

/// Song et al. 2012, eq. 5, term by term from Gram matrices of rows x rows.
double hsic(std::vector<double> const& x, std::vector<double> const& y, std::size_t n) {
  auto const gram = [n](std::vector<double> const& rows) {
    auto const d = rows.size() / n;
    std::vector<double> k(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t c = 0; c < d && i != j; ++c) k[i * n + j] += rows[i * d + c] * rows[j * d + c];
    return k;
  };
  auto const k = gram(x), l = gram(y);
  double trace = 0, of_k = 0, of_l = 0, across = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double row_k = 0, row_l = 0;
    for (std::size_t j = 0; j < n; ++j) {
      trace += k[i * n + j] * l[j * n + i];
      row_k += k[i * n + j];
      row_l += l[i * n + j];
    }
    of_k += row_k;
    of_l += row_l;
    across += row_k * row_l;
  }
  auto const count = static_cast<double>(n);
  return (trace + of_k * of_l / ((count - 1) * (count - 2)) - 2 / (count - 2) * across) / (count * (count - 3));
}

LinearCka of(std::vector<std::vector<double>> const& parts, std::size_t n, int threads = 0) {
  std::vector<std::int64_t> dims;
  std::vector<Rows> rows;
  for (auto const& part : parts) {
    dims.push_back(static_cast<std::int64_t>(part.size() / n));
    rows.emplace_back(Doubles(part));
  }
  CrossMoments moments(dims, threads);
  moments.add(rows);
  return linear_cka(moments);
}

}  // namespace

TEST_CASE("linear CKA of unrelated, similar and narrow layers matches NumPy") {
  // rng = numpy.random.default_rng(0); X = rng.normal(size=(200, 128)); Y = rng.normal(size=(200, 128)); 200 x 200
  // Gram matrices.
  random::NumpyGenerator rng(0);
  auto const x = draws::normal(rng, 200, 128), y = draws::normal(rng, 200, 128);
  auto both = x;
  for (std::size_t i = 0; i < both.size(); ++i) both[i] += 0.5 * y[i];
  std::vector<double> narrow;
  for (std::size_t i = 0; i < 200; ++i)
    narrow.insert(narrow.end(), x.begin() + static_cast<std::ptrdiff_t>(i * 128),
                  x.begin() + static_cast<std::ptrdiff_t>(i * 128 + 7));
  auto const cka = of({x, y, both, narrow}, 200);
  CHECK(cka.biased[0] == Approx(1));
  CHECK(cka.debiased[0] == Approx(1));
  CHECK(cka.biased[1] == Approx(0.39181369801861465).epsilon(1e-11));
  CHECK(cka.debiased[1] == Approx(0.0023240152365499936).epsilon(1e-9));
  CHECK(cka.biased[2] == Approx(0.8754859528613278).epsilon(1e-11));
  CHECK(cka.debiased[2] == Approx(0.7967949419420252).epsilon(1e-11));
  CHECK(cka.biased[4 + 3] == Approx(0.1076334980721541).epsilon(1e-11));
  CHECK(cka.debiased[4 + 3] == Approx(-0.009678785161021887).epsilon(1e-9));
  CHECK(cka.debiased[3 * 4 + 1] == cka.debiased[4 + 3]);
}

TEST_CASE("debiased CKA matches Song's estimator, near zero and far from it") {
  random::NumpyGenerator rng(1);
  auto const x = draws::autoregressive(rng, 60, 5);
  auto y = draws::normal(rng, 60, 9);
  for (std::size_t i = 0; i < 60; ++i) y[9 * i] += 2 * x[5 * i] * x[5 * i];
  auto const wanted = hsic(x, y, 60) / std::sqrt(hsic(x, x, 60) * hsic(y, y, 60));
  CHECK(of({x, y}, 60).debiased[1] == Approx(wanted).epsilon(1e-11));
  auto away = x;
  for (auto& value : away) value += 1e6;
  CHECK(of({away, y}, 60).debiased[1] == Approx(wanted).epsilon(1e-8));
  auto outlier = x;  // the first row, which is subtracted from all others, is unlike them
  for (std::size_t c = 0; c < 5; ++c) outlier[c] += 100;
  CHECK(of({outlier, y}, 60).debiased[1] ==
        Approx(hsic(outlier, y, 60) / std::sqrt(hsic(outlier, outlier, 60) * hsic(y, y, 60))).epsilon(1e-9));
}

TEST_CASE("cross moments are bit-identical in pieces and for any number of threads") {
  random::NumpyGenerator rng(2);
  auto const x = draws::normal(rng, 300, 20), y = draws::normal(rng, 300, 33);
  auto const whole = of({x, y}, 300, 1);
  CrossMoments pieces({20, 33}, 3);
  std::size_t first = 0;
  for (std::size_t const count : {1, 129, 170}) {
    std::vector<Rows> const rows{Doubles(x).subspan(first * 20, count * 20),
                                 Doubles(y).subspan(first * 33, count * 33)};
    pieces.add(rows);
    first += count;
  }
  CHECK(linear_cka(pieces).biased == whole.biased);
  CHECK(linear_cka(pieces).debiased == whole.debiased);
  CHECK_THROWS_AS(pieces.add(Rows(Doubles(x))), errors::Error);
  std::vector<Rows> const unequal{Doubles(x).first(40), Doubles(y).first(33)};
  CHECK_THROWS_AS(pieces.add(unequal), errors::Error);
}

TEST_CASE("CKA between networks is the same from Gram matrices and from moments") {
  random::NumpyGenerator rng(6);
  constexpr std::size_t n = 50;
  std::vector<std::vector<double>> parts{draws::autoregressive(rng, n, 5), draws::normal(rng, n, 9),
                                         draws::normal(rng, n, 60)};
  for (std::size_t i = 0; i < n; ++i) parts[1][9 * i] += 2 * parts[0][5 * i];
  for (auto& value : parts[2]) value += 300;
  std::vector<std::vector<float>> grams;
  for (auto& part : parts) {
    std::vector<float> const rows(part.begin(), part.end());
    part.assign(rows.begin(), rows.end());
    grams.push_back(centered_gram(rows, n, static_cast<std::int64_t>(rows.size() / n)));
  }
  auto const wanted = of(parts, n).debiased, found = cka_between(grams);
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(wanted[i]).margin(1e-6));
  CHECK(found[0] == 1);

  grams.push_back(centered_gram(std::vector<float>(2 * n, 3.3F), n, 2));
  auto const constant = cka_between(grams);
  for (std::size_t other = 0; other < 4; ++other) CHECK(std::isnan(constant[3 * 4 + other]));
  CHECK(constant[1] == found[1]);
  CHECK_THROWS_AS(centered_gram(std::vector<float>(6, 1.0F), 3, 2), errors::Error);
  CHECK_THROWS_AS(centered_gram(std::vector<float>{1, 2, 3, std::nanf(""), 5}, 5, 1), errors::Error);
}

TEST_CASE("the CKA of constant layers is NaN") {
  random::NumpyGenerator rng(3);
  auto const x = draws::normal(rng, 30, 4);
  auto const cka = of({x, std::vector<double>(60, 3.3)}, 30);
  CHECK(cka.biased[0] == Approx(1));
  for (auto const* values : {&cka.biased, &cka.debiased})
    for (std::size_t pair = 1; pair < 4; ++pair) CHECK(std::isnan((*values)[pair]));
  CHECK(std::isnan(of({x}, 120).biased[0]) == false);
  CHECK(std::isnan(of({{1, 2, 3}}, 3).debiased[0]));
  CHECK(std::isnan(linear_cka(CrossMoments({2, 2})).biased[1]));
}
