#include "analysis/representation/logistic_probe.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <future>
#include <limits>

#include "analysis/representation/draws.hpp"
#include "analysis/representation/softmax_kernel.hpp"
#include "analysis/representation/softmax_regression.hpp"
#include "errors/errors.hpp"

using namespace mambasynth;
using namespace analysis::representation;
using analysis::representation::Rows;
using Catch::Approx;
using Doubles = std::span<double const>;
using Labels = std::vector<std::int64_t>;

namespace {

constexpr std::int64_t n = 500, d = 4, classes = 3;

/// rng = default_rng(6); X = autoregressive(n, d); A = normal(d, 3); U = normal(n, 3); label = argmax(XA + 2U);
/// features X + 5.
struct Sample {
  std::vector<double> x;
  Labels labels;
  Sample() {
    random::NumpyGenerator rng(6);
    x = draws::autoregressive(rng, n, d);
    auto const a = draws::normal(rng, d, classes), u = draws::normal(rng, n, classes);
    auto score = draws::product(x, a, d);
    for (std::size_t i = 0; i < score.size(); ++i) score[i] += 2 * u[i];
    for (auto row = score.begin(); row != score.end(); row += classes)
      labels.push_back(std::max_element(row, row + classes) - row);
    for (auto& value : x) value += 5;
  }
};

LogisticScore logistic_probe(Rows const& features, std::int64_t dims, std::span<std::int64_t const> labels,
                             ChronologicalFolds const& folds, LogisticOptions const& options = {}) {
  return LogisticProbe(features, dims, folds, options).score(labels);
}
LogisticScore exactly(Sample const& sample) {
  return logistic_probe(Doubles(sample.x), d, sample.labels, {n, 5, 12}, {.tolerance = 1e-12});
}

}  // namespace

TEST_CASE("logistic probes match SciPy's minimization") {
  // scipy.optimize.minimize(method='BFGS', gtol=1e-9), fold by fold and penalty by penalty.
  Sample const sample;
  auto const all = exactly(sample);
  CHECK(all.converged);
  CHECK(all.penalty == std::vector<double>(5, 0.01));
  CHECK(all.log_loss.value == Approx(0.5367029119101233).epsilon(1e-6));
  CHECK(all.log_loss.fold[1] == Approx(0.8071306544138365).epsilon(1e-6));
  // Fitted again without each fifth of a block, features standardized as before; fold_scores.hpp's formula row by row.
  CHECK(all.log_loss.se == Approx(0.05429231911466659).epsilon(1e-4));
  CHECK(all.accuracy.se == Approx(0.025670995305986873));
  CHECK(all.balanced_accuracy.se == Approx(0.0366328713041941));
  CHECK(all.accuracy.value == Approx(0.778));
  CHECK(all.accuracy.fold[3] == Approx(0.94));
  CHECK(all.balanced_accuracy.value == Approx(0.7271044207484038));
  CHECK(all.balanced_accuracy.fold.empty());  // a fold may lack classes
  CHECK(all.chance_accuracy.value == Approx(0.368));
  CHECK(all.chance_log_loss.value == Approx(1.1049397996390193));
  CHECK(all.rows == Labels(5, 100));
}

TEST_CASE("the tolerance of a logistic probe applies to its log-loss") {
  Sample const sample;
  auto const rough = logistic_probe(Doubles(sample.x), d, sample.labels, {n, 5, 12});
  CHECK(rough.log_loss.value == Approx(0.5367029119101233).margin(1e-3));
  CHECK(rough.accuracy.value == Approx(0.778).margin(0.005));
}

TEST_CASE("a control is scored like any labeling, but without errors") {
  Sample const sample;
  ChronologicalFolds const folds(n, 5, 12);
  LogisticProbe const probe(Doubles(sample.x), d, folds);
  for (auto const offset : {0, 150, 230, 305}) {
    auto labels = sample.labels;
    std::rotate(labels.begin(), labels.begin() + offset, labels.end());
    auto const whole = probe.score(labels), control = probe.score_control(labels);
    CHECK(control.penalty == whole.penalty);
    CHECK(control.accuracy.value == Approx(whole.accuracy.value).margin(0.005));
    CHECK(control.log_loss.value == Approx(whole.log_loss.value).margin(1e-3));
    CHECK(std::isfinite(whole.log_loss.se));
    CHECK(std::isnan(control.log_loss.se));
  }
}

TEST_CASE("the softmax of a block matches the standard library, including tiny probabilities and NaN") {
  constexpr std::int64_t block = StandardizedRows::block, classes = 4;
  random::NumpyGenerator random(8);
  std::vector<double> logits(static_cast<std::size_t>(classes * block)), intercept{0.5, -1, 3, 0};
  for (auto& logit : logits) logit = 20 * random.normal();
  logits[3] = -1e4;
  logits[static_cast<std::size_t>(2 * block + 5)] = 800;
  logits[7] = std::nan("");
  auto probability = logits;
  std::vector<double> log_sum(static_cast<std::size_t>(block));
  softmax_of_block(probability.data(), intercept.data(), classes, log_sum.data());
  for (std::int64_t r = 0; r < block; ++r) {
    long double sum = 0, greatest = -INFINITY;
    auto const logit = [&](std::int64_t k) {
      return static_cast<long double>(logits[static_cast<std::size_t>(k * block + r)]) +
             intercept[static_cast<std::size_t>(k)];
    };
    for (std::int64_t k = 0; k < classes; ++k) greatest = std::max(greatest, logit(k));
    for (std::int64_t k = 0; k < classes; ++k) sum += std::exp(logit(k) - greatest);
    if (r == 7) {
      CHECK(std::isnan(log_sum[7]));
      continue;
    }
    CHECK(log_sum[static_cast<std::size_t>(r)] == Approx(static_cast<double>(greatest + std::log(sum))).epsilon(1e-14));
    for (std::int64_t k = 0; k < classes; ++k)
      CHECK(probability[static_cast<std::size_t>(k * block + r)] ==
            Approx(static_cast<double>(std::exp(logit(k) - greatest) / sum)).epsilon(1e-14).margin(1e-300));
  }
}

TEST_CASE("a logistic probe's scores are bit-identical one by one and in parallel") {
  Sample const sample;
  ChronologicalFolds const folds(n, 5, 12);
  LogisticProbe const probe(Doubles(sample.x), d, folds, {.threads = 3});
  auto turned = sample.labels;
  std::rotate(turned.begin(), turned.begin() + 200, turned.end());
  auto first_later = std::async(std::launch::async, [&] { return probe.score(sample.labels); });
  auto const second = probe.score(turned), first = first_later.get();
  CHECK(first.log_loss.fold ==
        logistic_probe(Doubles(sample.x), d, sample.labels, {n, 5, 12}, {.threads = 1}).log_loss.fold);
  CHECK(second.log_loss.value ==
        logistic_probe(Doubles(sample.x), d, turned, {n, 5, 12}, {.threads = 1}).log_loss.value);
}

TEST_CASE("separable classes are found, whatever their labels") {
  Labels labels(300), others(300);
  std::vector<float> x(300 * 3);
  for (std::size_t i = 0; i < 300; ++i) {
    labels[i] = static_cast<std::int64_t>(i / 7 % 3);
    others[i] = labels[i] * 1000 + 5;
    x[3 * i + static_cast<std::size_t>(labels[i])] = 1;
  }
  auto const score = logistic_probe(std::span<float const>(x), 3, labels, {300, 5, 7});
  CHECK(score.accuracy.value == 1);
  CHECK(score.log_loss.value < 0.05);
  CHECK(logistic_probe(std::span<float const>(x), 3, others, {300, 5, 7}).log_loss.value == score.log_loss.value);
}

TEST_CASE("rows without a label are left out") {
  Sample sample;
  for (std::size_t i = 0; i < sample.labels.size(); i += 2) sample.labels[i] = -1;
  CHECK(exactly(sample).rows == Labels(5, 50));
  std::fill(sample.labels.begin(), sample.labels.end(), -1);
  auto const none = exactly(sample);
  CHECK(std::isnan(none.accuracy.value));
  CHECK(std::isnan(none.log_loss.se));
}

TEST_CASE("a class that training lacks counts as an error, not as an infinite loss") {
  Sample sample;
  std::fill_n(sample.labels.begin(), 30, 17);
  auto const score = exactly(sample);
  CHECK(score.unseen == Labels{30, 0, 0, 0, 0});
  CHECK(score.accuracy.fold[0] <= 0.7);
  CHECK(std::isfinite(score.log_loss.value));
}

TEST_CASE("a single class gives no score") {
  Sample sample;
  std::fill(sample.labels.begin(), sample.labels.end(), 4);
  auto const score = exactly(sample);
  CHECK(std::isnan(score.accuracy.value));
  CHECK(std::isnan(score.penalty[0]));
}

TEST_CASE("constant features give the chance scores") {
  Sample const sample;
  std::vector<double> const constant(static_cast<std::size_t>(n), 0.1);
  auto const score = logistic_probe(Doubles(constant), 1, sample.labels, {n, 5, 12});
  CHECK(score.log_loss.value == Approx(score.chance_log_loss.value));
  CHECK(score.accuracy.value == Approx(score.chance_accuracy.value));
}

TEST_CASE("two hundred classes, some with a single row, are scored") {
  random::NumpyGenerator rng(2);
  auto const x = draws::normal(rng, 600, 5);
  Labels labels(600);
  for (auto& label : labels) label = static_cast<std::int64_t>(rng.bounded(199));
  auto const score = logistic_probe(Doubles(x), 5, labels, {600, 5, 0}, {.penalties = {1, 0.1}});
  CHECK(score.accuracy.value < 0.1);
  CHECK(score.log_loss.value > 4);
}

TEST_CASE("logistic probes reject invalid input") {
  Sample sample;
  CHECK_THROWS_AS(logistic_probe(Doubles(sample.x), d, std::span(sample.labels).first(n - 1), {n, 5, 12}),
                  errors::Error);
  CHECK_THROWS_AS(logistic_probe(Doubles(sample.x), d, sample.labels, {n, 5, 12}, {.penalties = {-1}}), errors::Error);
  sample.x[9] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(logistic_probe(Doubles(sample.x), d, sample.labels, {n, 5, 12}), errors::Error);
}
