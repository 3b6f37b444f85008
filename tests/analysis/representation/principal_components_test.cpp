#include "analysis/representation/principal_components.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

#include "analysis/representation/draws.hpp"
#include "analysis/representation/unbiased_traces.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using namespace analysis::representation;
using analysis::representation::CrossMoments;
using analysis::representation::Rows;
using Catch::Approx;
using Doubles = std::span<double const>;

namespace {

CrossMoments of(std::vector<double> const& rows, std::int64_t dims) {
  CrossMoments moments({dims});
  moments.add(Rows(Doubles(rows)));
  return moments;
}

/// rng = numpy.random.default_rng(3); rng.normal(size=(40, 30)) / sqrt(1 + arange(30))
std::vector<double> sample() {
  random::NumpyGenerator rng(3);
  auto rows = draws::normal(rng, 40, 30);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] *= std::sqrt(1.0 / static_cast<double>(1 + i % 30));
  return rows;
}

}  // namespace

TEST_CASE("the spectrum matches numpy.linalg.eigvalsh(numpy.cov(X.T))") {
  auto const result = spectrum(of(sample(), 30));
  CHECK(result.variance[0] == Approx(0.67989649).epsilon(1e-7));
  CHECK(result.variance[1] == Approx(0.55088801).epsilon(1e-7));
  CHECK(result.variance[2] == Approx(0.39988486).epsilon(1e-7));
  CHECK(result.share[0] == Approx(0.19287139).epsilon(1e-7));
  CHECK(result.components == std::array<std::int64_t, 3>{4, 15, 19});
  CHECK(result.participation_ratio == Approx(10.293047210165112).epsilon(1e-12));
  // U-statistics over distinct rows, from the 40 x 40 distances and products.
  CHECK(unbiased_squared_trace(of(sample(), 30), 0) == Approx(12.363987216265269).epsilon(1e-11));
  CHECK(unbiased_squared_covariance(of(sample(), 30), 0, 0) == Approx(0.8494850630572751).epsilon(1e-11));
  CHECK(result.participation_ratio_unbiased == Approx(14.554684660101724).epsilon(1e-11));
}

TEST_CASE("unbiased traces match the means over all choices of four rows") {
  // rng = numpy.random.default_rng(0); X = rng.normal(size=(7, 3)); means over itertools.permutations(range(7), 4) of
  // |x_i - x_j|^2 |x_k - x_l|^2 / 4 and ((x_i - x_j) . (x_k - x_l))^2 / 4.
  random::NumpyGenerator rng(0);
  auto const moments = of(draws::normal(rng, 7, 3), 3);
  CHECK(unbiased_squared_trace(moments, 0) == Approx(4.787707437673522).epsilon(1e-11));
  CHECK(unbiased_squared_covariance(moments, 0, 0) == Approx(2.0980003231719744).epsilon(1e-11));
}

TEST_CASE("fewer rows than dimensions lower only the uncorrected participation ratio") {
  double plain = 0, traces = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    random::NumpyGenerator rng(seed);
    auto rows = draws::normal(rng, 20, 50);
    for (auto& value : rows) value += 1000;
    auto const moments = of(rows, 50);
    plain += spectrum(moments).participation_ratio / 40;
    traces += unbiased_squared_trace(moments, 0);
    squares += unbiased_squared_covariance(moments, 0, 0);
  }
  CHECK(plain == Approx(14).margin(1));  // about 1 / (1/50 + 1/19)
  CHECK(traces / squares == Approx(50).margin(3));
}

TEST_CASE("principal components match scikit-learn") {
  // sklearn.decomposition.PCA(2, svd_solver='full').fit(X)
  auto const rows = sample();
  auto const found = principal_components(of(rows, 30), 2);
  REQUIRE(found.direction.size() == 60);
  CHECK(found.direction[0] == Approx(0.57169551).epsilon(1e-6));
  CHECK(found.direction[1] == Approx(0.64080552).epsilon(1e-6));
  CHECK(found.direction[2] == Approx(-0.33170529).epsilon(1e-6));
  CHECK(found.direction[30] == Approx(0.64575225).epsilon(1e-6));
  CHECK(found.direction[31] == Approx(-0.52144738).epsilon(1e-6));
  auto const projected = found.project(Rows(Doubles(rows)));
  REQUIRE(projected.size() == 80);
  CHECK(projected[0] == Approx(0.06860691).epsilon(1e-6));
  CHECK(projected[1] == Approx(2.80725879).epsilon(1e-6));
  CHECK(projected[2] == Approx(-0.98703523).epsilon(1e-6));
  CHECK(projected[3] == Approx(-0.22158788).epsilon(1e-6));
  CHECK_THROWS_AS(found.project(Rows(Doubles(rows).first(31))), errors::Error);
  CHECK(principal_components(of(rows, 30), 99).variance.size() == 30);
}

TEST_CASE("a part's spectrum is that of its columns") {
  auto const rows = sample();
  random::NumpyGenerator rng(1);
  auto const other = draws::normal(rng, 40, 3);
  CrossMoments both({3, 30});
  std::vector<Rows> const parts{Doubles(other), Doubles(rows)};
  both.add(parts);
  CHECK(spectrum(both, 1).variance == spectrum(of(rows, 30)).variance);
  CHECK(spectrum(both, 1).participation_ratio_unbiased == Approx(14.554684660101724).epsilon(1e-11));
}

TEST_CASE("degenerate spectra are NaN or zero") {
  auto const constant = spectrum(of(std::vector<double>(20, 0.1), 2));
  CHECK(constant.variance == std::vector<double>{0, 0});
  CHECK(std::isnan(constant.share[0]));
  CHECK(constant.components[2] == 0);
  CHECK(std::isnan(constant.participation_ratio));
  CHECK(std::isnan(constant.participation_ratio_unbiased));
  CHECK(std::isnan(spectrum(of({1, 2}, 2)).variance[0]));
  CHECK(std::isnan(spectrum(of({1, 2, 3, 5}, 2)).participation_ratio_unbiased));
  auto const line = spectrum(of({0, 0, 1, 2, 2, 4, 3, 6}, 2));
  CHECK(line.share[0] == Approx(1));
  CHECK(line.components == std::array<std::int64_t, 3>{1, 1, 1});
  std::vector<double> const bad{1, std::numeric_limits<double>::quiet_NaN(), 3, 4};
  CHECK(std::isnan(spectrum(of(bad, 2)).variance[0]));
  CHECK_THROWS_AS(principal_components(of(bad, 2), 1), errors::Error);
  CHECK_THROWS_AS(principal_components(of({1, 2}, 2), 1), errors::Error);
  CHECK_THROWS_AS(principal_components(of({1, 2, 3, 4}, 2), 0), errors::Error);
}
