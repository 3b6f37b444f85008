#include "dynamics/window_law.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>
#include <span>

#include "dynamics/statistics.hpp"
#include "random/numpy_generator.hpp"
#include "series/series.hpp"

using namespace mambasynth;
using Catch::Matchers::WithinAbs;

namespace {

/// Means over windows that begin at `starts` of a series with known circles, counted by the same rules as decoded ones.
struct Counted {
  std::vector<double> rates;  // (window)
  double off = 0, dwells = 0, dwell = 0, square = 0;
  std::vector<double> on, transitions;
};

Counted count(std::span<std::int64_t const> circle, std::vector<std::size_t> const& starts,
              oracle::HiddenProcess const& hidden, dynamics::Window const& window) {
  auto const n = hidden.circles().size();
  auto const all = static_cast<std::size_t>(window.seed_steps + window.steps);
  Counted found;
  found.on.resize(n), found.transitions.resize(n * n);
  for (auto const start : starts) {
    auto const visits = dynamics::visits_of(circle.subspan(start, all), hidden, window.shortest_share);
    double seen = 0, switches = 0;
    for (std::size_t v = 0; v < visits.size(); ++v) {
      auto const& visit = visits[v];
      auto const steps = static_cast<double>(visit.end() - std::max(visit.first, window.seed_steps));
      if (steps > 0) seen += steps, found.on[static_cast<std::size_t>(visit.circle)] += steps;
      if (visit.first < window.seed_steps) continue;
      if (v > 0)
        switches += 1, found.transitions[static_cast<std::size_t>(visits[v - 1].circle) * n +
                                         static_cast<std::size_t>(visit.circle)] += 1;
      if (!visit.complete) continue;
      auto const length = static_cast<double>(visit.steps);
      found.dwells += 1, found.dwell += length, found.square += length * length;
    }
    found.rates.push_back(1000 * switches / static_cast<double>(window.steps));
    found.off += 1 - seen / static_cast<double>(window.steps);
  }
  found.off /= static_cast<double>(starts.size());
  return found;
}

double mean(std::vector<double> const& values) {
  double sum = 0;
  for (double const value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("a window law is the mean over all windows of a periodic process") {
  config::Data data;
  data.n_circles = 2;
  data.ambient_dim = 4;
  data.min_period = 8;
  data.max_period = 20;
  data.dwell_mean = 40;  // five revolutions and two: a full cycle takes 80 steps
  data.dwell_std = 0;
  data.n_steps = 600;
  auto const series = series::generate(data);
  oracle::HiddenProcess const hidden(series.process);
  std::vector<std::size_t> starts;
  for (std::size_t s = 0; s < 80; ++s) starts.push_back(s);
  auto const window =
      GENERATE(dynamics::Window{3, 100, 0.25}, dynamics::Window{3, 30, 0.25}, dynamics::Window{1, 300, 1},
               dynamics::Window{64, 50, 0.5}, dynamics::Window{3, 12, 1}, dynamics::Window{1, 1, 0.25});
  CAPTURE(window.seed_steps, window.steps);
  auto const found = count(series.circle, starts, hidden, window);
  auto const law = dynamics::law_in(window, hidden, 10, 12);
  CHECK_THAT(law.switch_rate, WithinAbs(mean(found.rates), 1e-9));
  CHECK_THAT(law.off_share, WithinAbs(found.off, 1e-12));
  for (std::size_t i = 0; i < 2; ++i)
    if (found.on[0] + found.on[1] > 0)
      CHECK_THAT(law.occupancy[i], WithinAbs(found.on[i] / (found.on[0] + found.on[1]), 1e-12));
  CHECK(law.transition_matrix[1] == (found.transitions[1] > 0 ? 1 : 0));
  if (found.dwells > 0) {
    CHECK_THAT(law.dwell_mean, WithinAbs(found.dwell / found.dwells, 1e-9));
    CHECK_THAT(law.dwell[4], WithinAbs(1, 1e-12));
  } else {
    CHECK(std::isnan(law.dwell_mean));
  }
}

TEST_CASE("a window law matches a long series") {
  config::Data data;
  data.ambient_dim = 2;
  data.n_steps = 1'000'000;
  auto const series = series::generate(data);
  oracle::HiddenProcess const hidden(series.process);
  for (std::int64_t const steps : {512, 1200}) {
    CAPTURE(steps);
    dynamics::Window const window{64, steps, 0.25};
    std::vector<std::size_t> starts;
    for (std::size_t s = 0; s + 1300 < series.circle.size(); s += 100) starts.push_back(s);
    auto const found = count(series.circle, starts, hidden, window);
    auto const law = dynamics::law_in(window, hidden, 50, 40);
    // There is about one switch in 400 steps, so the series determines the rate to about 2 %.
    CHECK_THAT(law.switch_rate, WithinAbs(mean(found.rates), 0.05 * law.switch_rate));
    CHECK(law.switch_rate < 0.97 * dynamics::law_of(hidden, window).switch_rate);
    CHECK_THAT(law.dwell_mean, WithinAbs(found.dwell / found.dwells, 0.04 * law.dwell_mean));
    double const spread = std::sqrt(found.square / found.dwells - std::pow(found.dwell / found.dwells, 2));
    CHECK_THAT(law.dwell_std, WithinAbs(spread, 0.08 * law.dwell_std));
    CHECK_THAT(law.off_share, WithinAbs(found.off, 0.08 * law.off_share));
    double on = 0, apart = 0, departures = 0, ways = 0;
    for (double const steps_on : found.on) on += steps_on;
    for (std::size_t c = 0; c < 10; ++c) apart += 0.5 * std::abs(law.occupancy[c] - found.on[c] / on);
    CHECK(apart < 0.04);
    for (double const times : found.transitions) departures += times;
    for (std::size_t i = 0; i < 10; ++i) {
      double row = 0;
      for (std::size_t j = 0; j < 10; ++j) row += found.transitions[i * 10 + j];
      for (std::size_t j = 0; j < 10; ++j)
        ways += 0.5 / departures * std::abs(row * law.transition_matrix[i * 10 + j] - found.transitions[i * 10 + j]);
    }
    CHECK(ways < 0.06);
  }
}

TEST_CASE("a single circle is never left") {
  config::Data data;
  data.n_circles = 1;
  auto const law = dynamics::law_of(oracle::HiddenProcess(series::make_process(data)), {64, 512, 0.25});
  CHECK(law.switch_rate == 0);
  CHECK(law.seen.switch_rate == 0);
  CHECK(law.seen.off_share == 0);
  CHECK(law.seen.occupancy == std::vector<double>{1});
  CHECK(std::isnan(law.dwell_mean));
}

TEST_CASE("errors over samples match the textbook without overlap and grow with it") {
  std::vector<double> const values{3, 5, 10};
  CHECK_THAT(dynamics::Samples(3).mean(values).standard_error, WithinAbs(std::sqrt(13.0 / 3), 1e-12));
  CHECK_THAT(dynamics::Samples({400, 0, 200}, 100).mean(values).standard_error, WithinAbs(std::sqrt(13.0 / 3), 1e-12));
  // Two that share a half: V = [1, 1/2; 1/2, 1], and whatever the weight, it is the same share of what is due.
  CHECK_THAT(dynamics::Samples({50, 0}, 100).mean(std::vector<double>{1, 2}).standard_error,
             WithinAbs(std::sqrt(0.75), 1e-12));
  CHECK_THAT(dynamics::Samples({50, 0}, 100).independent(), WithinAbs(4.0 / 3, 1e-12));
  CHECK(std::isnan(dynamics::Samples(1).mean(std::vector<double>{1}).standard_error));
  // Three in a row, W = [1, 1/2, 0; ...] and V = 1: the residuals -3, -1, 4 give 26 - 1; trace(M W M) = 3 - 5 / 3.
  CHECK_THAT(dynamics::Samples({0, 100, 200}, 100).mean(values).standard_error,
             WithinAbs(std::sqrt(25.0 / (4.0 / 3) * 3) / 3, 1e-12));
  CHECK(dynamics::Samples({0, 1, 2}, 100).mean(std::vector<double>{2, 2, 2}).standard_error == 0);
}

TEST_CASE("the error over overlapping windows matches the spread of the mean over independent series") {
  constexpr std::int64_t length = 1564, step = 64;
  constexpr int series = 60;
  config::Data data;
  data.ambient_dim = 2;
  data.n_steps = 50'000;
  std::vector<double> rates, errors, plain;
  for (int i = 0; i < series; ++i) {
    data.path_seed = 1000 + i;
    auto const path = series::generate(data);
    oracle::HiddenProcess const hidden(path.process);
    auto const windows = (data.n_steps - length) / step + 1;
    auto chosen = random::NumpyGenerator(static_cast<std::uint64_t>(i)).choice(windows, 64);
    std::vector<std::size_t> starts;
    for (auto& start : chosen) starts.push_back(static_cast<std::size_t>(start *= step));
    auto const found = count(path.circle, starts, hidden, {64, 1500, 0.25});
    auto const estimate = dynamics::Samples(chosen, length).mean(found.rates);
    rates.push_back(estimate.value), errors.push_back(estimate.standard_error);
    plain.push_back(dynamics::Samples(chosen.size()).mean(found.rates).standard_error);
  }
  auto const spread =
      dynamics::Samples(rates.size()).mean(rates).standard_error * std::sqrt(static_cast<double>(series));
  CHECK(spread / mean(errors) > 0.75);
  CHECK(spread / mean(errors) < 1.3);
  CHECK(spread / mean(plain) > 1.3);  // as if the windows did not overlap
}
