#include "oracle/filter.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <map>
#include <tuple>

#include "oracle/brute_force.hpp"
#include "oracle/forecast.hpp"
#include "oracle/log_filter.hpp"
#include "random/numpy_generator.hpp"

using namespace mambasynth;
using Catch::Matchers::WithinAbs;

namespace {

// Sums of some 10^5 weights between 1e-12 and 1; nothing cancels.
constexpr double exact = 1e-12;

/// Everything that is read from the filter at step t, by enumeration.
struct Expected {
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, double> to_come, elapsed;
  std::vector<double> mean, circle, next_circle;
  double switched = 0, hazard = 0, cosine = 0, sine = 0;
};

Expected enumerate(series::Process const& process, std::vector<double> const& x, std::size_t t, std::int64_t k,
                   bool known) {
  Expected e;
  e.mean.resize(static_cast<std::size_t>(process.channels));
  e.circle.resize(static_cast<std::size_t>(process.circles));
  e.next_circle.resize(e.circle.size());
  double total = 0;
  auto const target = t + static_cast<std::size_t>(k);
  tests::Enumeration(process, static_cast<std::int64_t>(target) + 1, known)
      .each([&](tests::Path const& path, double prior) {
        double const w = prior * tests::likelihood(process, path, x, t);
        total += w;
        auto const& now = path[t];
        auto const& then = path[target];
        e.to_come[{now.circle, now.step, now.to_come}] += w;
        e.elapsed[{now.circle, now.step, now.elapsed}] += w;
        auto const mean = tests::mean_at(process, then);
        for (std::size_t i = 0; i < mean.size(); ++i) e.mean[i] += w * mean[i];
        e.circle[static_cast<std::size_t>(then.circle)] += w;
        if (then.visit != now.visit) e.switched += w;
        if (path[t + 1].visit != now.visit) e.hazard += w;
        for (std::size_t j = 0; j < e.circle.size(); ++j)
          e.next_circle[j] += w * process.transition_matrix[static_cast<std::size_t>(now.circle) * e.circle.size() + j];
        auto const angle = process.entry_angle[static_cast<std::size_t>(now.circle)] +
                           static_cast<double>(now.step) * process.step_angle(now.circle);
        e.cosine += w * std::cos(angle);
        e.sine += w * std::sin(angle);
      });
  for (auto* law : {&e.to_come, &e.elapsed})
    for (auto& [state, p] : *law) p /= total;
  for (auto* values : {&e.mean, &e.circle, &e.next_circle})
    for (double& value : *values) value /= total;
  for (double* value : {&e.switched, &e.hazard, &e.cosine, &e.sine}) *value /= total;
  return e;
}

void check_law(oracle::Filter const& filter, Expected const& e) {
  auto const& hidden = filter.hidden();
  double total = 0;
  for (std::size_t c = 0; c < hidden.circles().size(); ++c) {
    auto const& circle = hidden.circles()[c];
    auto const number = static_cast<std::int64_t>(c);
    for (std::int64_t s = 0; s < circle.period; ++s)
      for (std::int64_t r = 1; r <= circle.revolutions; ++r) {
        CAPTURE(c, s, r);
        auto const expected = [&](auto const& law, std::int64_t last) {
          auto const found = law.find({number, s, last});
          return found == law.end() ? 0.0 : found->second;
        };
        CHECK_THAT(filter.probability(number, s, r), WithinAbs(expected(e.to_come, r), exact));
        total += filter.probability(number, s, r);
        auto const slot = filter.slot(circle, s);
        CHECK_THAT(filter.mass(slot) * filter.elapsed(circle, slot, static_cast<std::size_t>(r - 1)),
                   WithinAbs(expected(e.elapsed, r - 1), exact));
      }
  }
  CHECK_THAT(total, WithinAbs(1, exact));
}

void check_forecast(oracle::Forecast const& forecast, std::size_t h, Expected const& e) {
  // x is of the order of 20
  for (std::size_t i = 0; i < e.mean.size(); ++i) CHECK_THAT(forecast.mean(h)[i], WithinAbs(e.mean[i], 40 * exact));
  for (std::size_t c = 0; c < e.circle.size(); ++c) {
    CHECK_THAT(forecast.circle(h)[c], WithinAbs(e.circle[c], exact));
    CHECK_THAT(forecast.next_circle()[c], WithinAbs(e.next_circle[c], exact));
  }
  CHECK_THAT(forecast.switched(h), WithinAbs(e.switched, exact));
  CHECK_THAT(forecast.hazard(), WithinAbs(e.hazard, exact));
  CHECK_THAT(forecast.phase_cosine(), WithinAbs(e.cosine, exact));
  CHECK_THAT(forecast.phase_sine(), WithinAbs(e.sine, exact));
  double entropy = 0;
  for (double const p : e.circle) entropy -= p > 0 ? p * std::log(p) : 0;
  CHECK_THAT(oracle::entropy(forecast.circle(h), e.circle.size()), WithinAbs(entropy, 100 * exact));
}

void compare_with_enumeration(config::Data const& data, std::vector<std::size_t> const& steps) {
  auto const series = series::generate(data);
  oracle::HiddenProcess const hidden(series.process);
  std::vector<std::int64_t> const horizons{1, 2, 5};
  for (bool const known : {true, false}) {
    oracle::Filter filter(hidden, true);
    if (!known) filter.start_stationary();
    oracle::Forecast forecast(hidden, horizons);
    for (std::size_t t = 0; t <= steps.back(); ++t) {
      if (t > 0) filter.advance();
      filter.observe(series.x.data() + t * static_cast<std::size_t>(data.ambient_dim));
      if (std::find(steps.begin(), steps.end(), t) == steps.end()) continue;
      forecast.make(filter);
      for (std::size_t h = 0; h < horizons.size(); ++h) {
        CAPTURE(known, t, horizons[h]);
        auto const expected = enumerate(series.process, series.x, t, horizons[h], known);
        if (h == 0) check_law(filter, expected);
        check_forecast(forecast, h, expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("filter, forecast, hazard, entropy and elapsed revolutions match the enumeration of all hidden paths") {
  compare_with_enumeration(tests::tiny(), {0, 1, 3, 6});
}

TEST_CASE("the enumeration also matches for visits of fixed length, other periods, two circles, and one") {
  auto data = tests::tiny();
  SECTION("visits of fixed length") {
    data.dwell_std = 0;
    compare_with_enumeration(data, {0, 2, 9});
  }
  SECTION("periods 2, 4, 7") {
    data.min_period = 2;
    data.max_period = 7;
    data.dwell_std = 2;
    compare_with_enumeration(data, {0, 4, 9});
  }
  SECTION("two circles: a periodic chain") {
    data.n_circles = 2;
    data.min_period = 2;
    compare_with_enumeration(data, {0, 4, 7});
  }
  SECTION("one circle follows itself") {
    data.n_circles = 1;
    data.min_period = 3;
    compare_with_enumeration(data, {0, 4, 7});
  }
}

TEST_CASE("with almost no noise, the position is known and a horizon within the revolution is exact") {
  auto data = tests::tiny();
  data.noise_std = GENERATE(0.0, 1e-9, 0.05);
  data.min_period = 5;
  data.max_period = 9;
  data.dwell_mean = 30;
  data.n_steps = 300;
  auto const series = series::generate(data);
  oracle::HiddenProcess const hidden(series.process);
  oracle::Filter filter(hidden);
  filter.start_stationary();
  oracle::Forecast forecast(hidden, {1});
  for (std::size_t t = 0; t < 300; ++t) {
    if (t > 0) filter.advance();
    filter.observe(series.x.data() + t * 3);
    forecast.make(filter);
    CAPTURE(t);
    CHECK_THAT(forecast.circle_now()[static_cast<std::size_t>(series.circle[t])], WithinAbs(1, 1e-9));
  }
}

TEST_CASE("the posterior of a series that the process would never generate matches a filter in the log domain") {
  config::Data data;
  data.ambient_dim = 6;
  data.n_circles = 6;
  data.min_period = 7;
  data.max_period = 60;
  data.dwell_mean = 80;
  data.dwell_std = 25;
  data.n_steps = 400;
  enum class Kind { walk, huge, backwards, silent, cut, tight };
  auto const kind = GENERATE(Kind::walk, Kind::huge, Kind::backwards, Kind::silent, Kind::cut, Kind::tight);
  CAPTURE(static_cast<int>(kind));
  if (kind == Kind::tight) data.dwell_std = 0;  // most laws of the revolutions to come have zeros
  auto x = series::generate(data).x;
  auto const d = static_cast<std::size_t>(data.ambient_dim), n = static_cast<std::size_t>(data.n_steps);
  random::NumpyGenerator draw(3);
  for (std::size_t t = 0; t < n; ++t)
    for (std::size_t i = 0; i < d; ++i) {
      auto& value = x[t * d + i];
      if (kind == Kind::walk) value = (t > 0 ? x[(t - 1) * d + i] : 0) + draw.normal(0, 4);
      if (kind == Kind::huge && t % 10 == 3) value = draw.normal(0, 1e5);
      if (kind == Kind::backwards && t < n / 2) std::swap(value, x[(n - 1 - t) * d + i]);
      if (kind == Kind::silent || kind == Kind::tight) value *= t % 90 < 60 ? 1 : 0.1;  // inside the circles
      if (kind == Kind::cut && t % 50 == 0 && t + 130 < n && i == 0)
        std::copy_n(x.begin() + static_cast<std::ptrdiff_t>((t + 80) * d), 50 * d,
                    x.begin() + static_cast<std::ptrdiff_t>(t * d));
    }
  oracle::HiddenProcess const hidden(series::make_process(data));
  std::vector<double> visits;
  for (auto const& circle : hidden.circles()) visits.push_back(circle.visit_share);
  for (bool const known : {false, true}) {
    oracle::Filter filter(hidden, true);
    tests::LogFilter expected(hidden.process());
    oracle::Forecast forecast(hidden, {1});
    if (known) expected.start_known();
    else filter.start_stationary(), expected.start_stationary(visits);
    double farthest = 0, apart = 0, in_logs = 0;
    for (std::size_t t = 0; t < n; ++t) {
      if (t > 0) filter.advance(), expected.advance();
      if (t % 37 != 5) filter.observe(x.data() + t * d), expected.observe(x.data() + t * d);
      forecast.make(filter);
      auto const circle = expected.circle();
      for (std::size_t c = 0; c < circle.size(); ++c)
        apart = std::max(apart, std::abs(circle[c] - forecast.circle_now()[c]));
      apart = std::max(apart, std::abs(expected.hazard() - forecast.hazard()));
      for (std::size_t c = 0; c < circle.size(); ++c)
        for (std::int64_t s = 0; s < hidden.circles()[c].period; ++s) {
          auto const log_p = static_cast<double>(expected.log_probability(c, static_cast<std::size_t>(s)));
          auto const ours = filter.log_mass(c, filter.slot(hidden.circles()[c], s));
          if (std::isinf(log_p) || std::isinf(ours)) in_logs = std::max(in_logs, log_p == ours ? 0.0 : 1.0);
          else in_logs = std::max(in_logs, std::abs(log_p - ours) / std::max(1.0, std::abs(log_p)));
          if (std::isfinite(log_p)) farthest = std::min(farthest, log_p);
        }
      auto ahead = expected;
      ahead.advance();
      auto const mean = ahead.mean();
      for (std::size_t i = 0; i < d; ++i)
        apart = std::max(apart, std::abs(mean[i] - forecast.mean(0)[i]) / data.radius_mean);
    }
    CHECK(farthest < -1000);  // beyond any double, and beyond what the filter shows
    CHECK(apart < 1e-9);      // rounding errors of logarithms of some 10^5 and more
    CHECK(in_logs < 1e-9);
  }
}

TEST_CASE("observations that no position explains leave a valid distribution") {
  oracle::HiddenProcess const hidden(series::make_process(tests::tiny()));
  oracle::Filter filter(hidden);
  for (double const far : {1e3, -1e6, 0.0}) {
    std::vector<double> const x(3, far);
    filter.observe(x.data());
    double total = 0;
    for (std::size_t slot = 0; slot < 6; ++slot) total += filter.mass(slot);
    CHECK_THAT(total, WithinAbs(1, 1e-12));
    filter.advance();
  }
}
