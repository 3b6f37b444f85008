#include "analysis/representation/ridge_probe.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

#include "analysis/representation/draws.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using namespace analysis::representation;
using analysis::representation::Rows;
using Catch::Approx;
using Doubles = std::span<double const>;

namespace {

constexpr std::int64_t n = 600, d = 6;

/// rng = default_rng(5); X = autoregressive(n, d); A = normal(d, 2); E = normal(n, 3); two columns of XA + E, one of
/// noise; features X + [0, 10, 20, ...].
struct Sample {
  std::vector<double> x, linear, noise;
  Sample() {
    random::NumpyGenerator rng(5);
    x = draws::autoregressive(rng, n, d);
    auto const a = draws::normal(rng, d, 2), e = draws::normal(rng, n, 3);
    linear = draws::product(x, a, d);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      linear[2 * i] += e[3 * i];
      linear[2 * i + 1] += e[3 * i + 1];
      noise.push_back(e[3 * i + 2]);
      for (std::size_t c = 0; c < static_cast<std::size_t>(d); ++c) x[i * d + c] += 10.0 * static_cast<double>(c);
    }
  }
  [[nodiscard]] std::vector<Targets> targets() const {
    return {{"linear", Doubles(linear), 2}, {"noise", Doubles(noise), 1}};
  }
};

}  // namespace

TEST_CASE("ridge probes match least squares in NumPy, row by row") {
  Sample const sample;
  auto const scores = ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12});
  // numpy.linalg.lstsq on the training rows with sqrt(rows * penalty) I below them, fold by fold and penalty by
  // penalty.
  REQUIRE(scores.size() == 2);
  CHECK(scores[0].name == "linear");
  CHECK(scores[0].r2.value == Approx(0.9784453872404055).epsilon(1e-10));
  // With read-outs trained without each fifth of a block, and fold_scores.hpp's formula row by row.
  CHECK(scores[0].r2.se == Approx(0.00262688148907409).epsilon(1e-8));
  CHECK(scores[1].r2.se == Approx(0.0009518215181628984).epsilon(1e-6));
  CHECK(scores[0].penalty == std::vector<double>{1e-6, 1e-6, 1e-6, 1e-3, 1e-6});
  CHECK(scores[0].r2.fold[3] == Approx(0.965123621688966).epsilon(1e-10));
  CHECK(scores[1].r2.value == Approx(-0.0008236784671324937).epsilon(1e-7));
  CHECK(scores[1].r2.fold[4] == Approx(-0.004391326408175411).epsilon(1e-7));
  CHECK(scores[1].penalty == std::vector<double>{100, 100, 100, 100, 10});
}

TEST_CASE("skipping the errors of some targets changes neither scores nor other errors") {
  Sample const sample;
  auto const both = ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12});
  auto const first = ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12}, {.with_error = 1});
  CHECK(first[0].r2.se == both[0].r2.se);
  CHECK(std::isnan(first[1].r2.se));
  CHECK(first[1].r2.value == both[1].r2.value);
}

TEST_CASE("ridge probes are bit-identical for any number of threads") {
  Sample const sample;
  auto const one = ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12}, {.threads = 1});
  auto const three = ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12}, {.threads = 3});
  for (std::size_t g = 0; g < one.size(); ++g) CHECK(one[g].r2.fold == three[g].r2.fold);
}

TEST_CASE("ridge probes accept features far from zero, in single precision, constant or duplicated") {
  Sample const sample;
  auto const wanted = ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12});
  std::vector<float> features;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(d); ++c)
      features.push_back(static_cast<float>(sample.x[i * d + c]));
    features.push_back(1234.567F);
    features.push_back(features[i * (d + 2)]);
  }
  auto const seen = ridge_probe(std::span<float const>(features), d + 2, sample.targets(), {n, 5, 12});
  CHECK(seen[0].r2.value == Approx(wanted[0].r2.value).margin(1e-4));
  auto far = sample.x;
  for (auto& value : far) value += 1e7;
  CHECK(ridge_probe(Doubles(far), d, sample.targets(), {n, 5, 12})[0].r2.value ==
        Approx(wanted[0].r2.value).margin(1e-6));
  std::vector<double> const constant(static_cast<std::size_t>(n * 2), 0.1);
  auto const nothing = ridge_probe(Doubles(constant), 2, sample.targets(), {n, 5, 12});
  CHECK(nothing[0].r2.value < 0.05);  // only the mean is left
}

TEST_CASE("a guard keeps neighbors in time from revealing a slow target") {
  // A target that drifts and features that are a smooth code of time: interpolation from both sides mimics skill.
  constexpr std::int64_t rows = 400;
  random::NumpyGenerator rng(11);
  auto const y = draws::autoregressive(rng, rows, 1);
  std::vector<double> x(static_cast<std::size_t>(rows * 40));
  for (std::int64_t t = 0; t < rows; ++t)
    for (std::int64_t c = 0; c < 40; ++c)
      x[static_cast<std::size_t>(t * 40 + c)] =
          std::exp(-0.5 * std::pow((static_cast<double>(t) - 10.0 * static_cast<double>(c)) / 10, 2));
  std::vector<Targets> const target{{"slow", Doubles(y), 1}};
  RidgeOptions const options{.penalties = {1e-6}, .threads = 0};
  auto const near = ridge_probe(Doubles(x), 40, target, {rows, 40, 0}, options)[0].r2.value;
  auto const guarded = ridge_probe(Doubles(x), 40, target, {rows, 40, 40}, options)[0].r2.value;
  CHECK(guarded < near);
}

TEST_CASE("constant targets have no R^2; values that are not finite are located") {
  Sample sample;
  std::vector<double> const constant(static_cast<std::size_t>(n), 0.3);
  auto const score = ridge_probe(Doubles(sample.x), d, {{"constant", Doubles(constant), 1}}, {n, 5, 12})[0];
  CHECK(std::isnan(score.r2.value));
  CHECK(std::isnan(score.r2.se));
  CHECK_THROWS_AS(ridge_probe(Doubles(sample.x), d, sample.targets(), {n - 1, 5, 12}), errors::Error);
  CHECK_THROWS_AS(ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12}, {.penalties = {}, .threads = 0}),
                  errors::Error);
  CHECK_THROWS_AS(ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12}, {.penalties = {0}, .threads = 0}),
                  errors::Error);
  sample.noise[7] = std::numeric_limits<double>::quiet_NaN();
  try {
    (void)ridge_probe(Doubles(sample.x), d, sample.targets(), {n, 5, 12});
    FAIL();
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::input);
    CHECK(std::string(error.what()).find("row 7, column 0 of target noise") != std::string::npos);
  }
}
