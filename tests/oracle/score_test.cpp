#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <cmath>

#include "oracle/run.hpp"
#include "series/series.hpp"

using namespace mambasynth;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

/// A small process with several switches within a thousand steps.
config::Data small() {
  config::Data data;
  data.n_circles = 4;
  data.ambient_dim = 5;
  data.min_period = 10;
  data.max_period = 40;
  data.dwell_mean = 80;
  data.dwell_std = 25;
  data.noise_std = 4;
  data.n_steps = 6000;
  return data;
}

struct Case {
  explicit Case(config::Data const& data)
      : series(series::generate(data)), hidden(series.process), visit(oracle::visits_of(series.circle)) {}
  [[nodiscard]] oracle::Observed observed() const { return {series.n_steps, 0, series.x, visit}; }
  series::Series series;
  oracle::HiddenProcess hidden;
  std::vector<std::int64_t> visit;
};

std::vector<std::int64_t> const horizons{1, 2, 8, 64, 100};

}  // namespace

TEST_CASE("visits are maximal runs") {
  std::vector<std::int64_t> const circle{0, 0, 3, 3, 0, 1};
  CHECK(oracle::visits_of(circle) == std::vector<std::int64_t>{0, 0, 1, 1, 2, 3});
}

TEST_CASE("the score is the plain mean over steps, split by visits, with errors from blocks") {
  Case const c(small());
  oracle::Score score(horizons, c.series.n_steps);
  std::vector<double> sum(5), count(5), switched(5), switches(5);
  std::vector<std::vector<double>> by_block(5), switched_by_block(5, std::vector<double>(6)),
      switches_by_block = switched_by_block;
  oracle::run_range(c.hidden, c.observed(), {0, 6000}, 0, score,
                    [&](std::int64_t t, auto const&, oracle::Forecast const& f) {
                      for (std::size_t h = 0; h < 5; ++h) {
                        auto const target = static_cast<std::size_t>(t + horizons[h]);
                        if (target >= 6000) continue;
                        double mse = 0;
                        for (std::size_t i = 0; i < 5; ++i)
                          mse += std::pow(c.series.x[target * 5 + i] - f.mean(h)[i], 2) / 5;
                        sum[h] += mse, count[h] += 1;
                        if (t % 1024 == 0) by_block[h].push_back(0);
                        by_block[h].back() += mse / 1024;
                        if (c.visit[target] != c.visit[static_cast<std::size_t>(t)]) {
                          switched[h] += mse, switches[h] += 1;
                          switched_by_block[h][static_cast<std::size_t>(t / 1024)] += mse,
                              switches_by_block[h][static_cast<std::size_t>(t / 1024)] += 1;
                        }
                      }
                    });
  auto const s = score.summary();
  for (std::size_t h = 0; h < 5; ++h) {
    CHECK(count[h] == static_cast<double>(6000 - horizons[h]));
    CHECK_THAT(s.mse[h], WithinRel(sum[h] / count[h], 1e-12));
    CHECK_THAT(s.mse_switch[h], WithinRel(switched[h] / switches[h], 1e-12));
    CHECK_THAT(s.mse_stay[h], WithinRel((sum[h] - switched[h]) / (count[h] - switches[h]), 1e-12));
    CHECK_THAT(s.switch_share[h], WithinRel(switches[h] / count[h], 1e-12));
    double off = 0;
    for (std::size_t b = 0; b < 6; ++b)
      off += std::pow(switched_by_block[h][b] - s.mse_switch[h] * switches_by_block[h][b], 2);
    CHECK_THAT(s.mse_switch_se[h], WithinRel(std::sqrt(off * 6 / 5) / switches[h], 1e-9));
    // The plain formula over the five whole blocks; the sixth is nearly whole.
    double mean = 0, square = 0;
    for (std::size_t b = 0; b < 5; ++b) mean += by_block[h][b] / 5, square += by_block[h][b] * by_block[h][b] / 5;
    CHECK_THAT(s.mse_se[h], WithinRel(std::sqrt((square - mean * mean) / 4), 0.5));
  }
}

TEST_CASE("the standard errors match the spread over independent paths") {
  config::Data data;  // the default process in fewer channels: three visits per block, and some blocks have no switch
  data.ambient_dim = 6;
  data.noise_std = 5;
  data.n_steps = 10000;
  constexpr int paths = 30;
  struct Seen {
    std::vector<double> value, error;
  };
  std::vector<std::int64_t> const ahead{1, 16, 64};
  std::vector<Seen> seen(9);
  for (int path = 0; path < paths; ++path) {
    data.path_seed = 100 + path;
    Case const c(data);
    oracle::Score score(ahead, data.n_steps);
    oracle::run_range(c.hidden, c.observed(), {0, data.n_steps}, 0, score);
    auto const s = score.summary();
    for (std::size_t h = 0; h < 3; ++h) {
      seen[3 * h].value.push_back(s.mse[h]), seen[3 * h].error.push_back(s.mse_se[h]);
      seen[3 * h + 1].value.push_back(s.mse_switch[h]), seen[3 * h + 1].error.push_back(s.mse_switch_se[h]);
      seen[3 * h + 2].value.push_back(s.mse_stay[h]), seen[3 * h + 2].error.push_back(s.mse_stay_se[h]);
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CAPTURE(i);
    double mean = 0, square = 0, error = 0;
    for (int path = 0; path < paths; ++path)
      mean += seen[i].value[static_cast<std::size_t>(path)] / paths,
          error += seen[i].error[static_cast<std::size_t>(path)] / paths;
    for (double const value : seen[i].value) square += (value - mean) * (value - mean) / (paths - 1);
    // The spread of 30 is itself known to 13 %.
    CHECK(std::sqrt(square) / error > 0.7);
    CHECK(std::sqrt(square) / error < 1.35);
  }
}

TEST_CASE("a single circle has no switches") {
  auto data = small();
  data.n_circles = 1;
  Case const c(data);
  oracle::Score score({1, 64}, c.series.n_steps);
  oracle::run_range(c.hidden, c.observed(), {0, 6000}, 0, score);
  auto const s = score.summary();
  CHECK(std::isnan(s.mse_switch[0]));
  CHECK(std::isnan(s.mse_switch_se[0]));
  CHECK(s.mse_stay[0] == s.mse[0]);
  CHECK(s.mse_stay_se[0] == s.mse_se[0]);
  CHECK(s.next_circle_entropy == 0);
}

TEST_CASE("the filter is calibrated: its expected error is its actual one, and knowing less never helps") {
  auto data = small();
  data.n_steps = 120000;
  Case const c(data);
  oracle::Score score(horizons, c.series.n_steps);
  // Predicted variance of x_{t+k}, mean over channels: noise + E|m|^2 - |E m|^2, with |m| the radius of the circle.
  std::vector<double> expected(5), steps(5), switched(5), switches(5), hazard_by_ten(10), ends_by_ten(10);
  auto const channels = static_cast<double>(data.ambient_dim);
  oracle::run_range(
      c.hidden, c.observed(), {0, data.n_steps}, 0, score, [&](std::int64_t t, auto const&, oracle::Forecast const& f) {
        for (std::size_t h = 0; h < 5; ++h) {
          auto const target = t + horizons[h];
          if (target >= data.n_steps) continue;
          double spread = 0;
          for (std::size_t j = 0; j < 4; ++j) spread += f.circle(h)[j] * std::pow(c.series.process.radius[j], 2);
          for (std::size_t i = 0; i < 5; ++i) spread -= std::pow(f.mean(h)[i], 2);
          expected[h] += data.noise_std * data.noise_std + spread / channels;
          steps[h] += 1;
          switched[h] += f.switched(h);
          switches[h] += c.visit[static_cast<std::size_t>(target)] != c.visit[static_cast<std::size_t>(t)];
        }
      });
  auto const s = score.summary();
  for (std::size_t h = 0; h < 5; ++h) {
    CAPTURE(horizons[h]);
    CHECK_THAT(s.mse[h], WithinAbs(expected[h] / steps[h], 4 * s.mse_se[h]));
    CHECK(s.mse_se[h] < 0.05 * s.mse[h]);
    CHECK_THAT(switched[h] / steps[h], WithinAbs(switches[h] / steps[h], 0.01));
  }
}

TEST_CASE(
    "blocks with a burn-in match one running filter, bit-identical for any number of threads and "
    "ranks") {
  auto data = small();
  data.n_steps = 30000;
  Case const c(data);
  oracle::Score whole(horizons, data.n_steps), one(horizons, data.n_steps), four(horizons, data.n_steps),
      ranks(horizons, data.n_steps);
  oracle::run_range(c.hidden, c.observed(), {0, data.n_steps}, 0, whole);
  oracle::run_share(c.hidden, c.observed(), {0, data.n_steps}, {4096, 4096, 1}, one);
  oracle::run_share(c.hidden, c.observed(), {0, data.n_steps}, {4096, 4096, 4}, four);
  for (int rank = 0; rank < 3; ++rank) {
    auto const share = oracle::share_of_steps(data.n_steps, rank, 3);
    CHECK(share.first % oracle::Score::block_steps == 0);
    // Each rank holds only its part.
    auto const needed = oracle::needed_steps(share, 4096, horizons.back(), data.n_steps);
    auto const first = static_cast<std::size_t>(needed.first),
               steps = static_cast<std::size_t>(needed.last - needed.first);
    auto const visit = oracle::visits_of(std::span(c.series.circle).subspan(first, steps));
    oracle::Observed const part{data.n_steps, needed.first, std::span(c.series.x).subspan(first * 5, steps * 5), visit};
    oracle::run_share(c.hidden, part, share, {0, 4096, 1}, ranks);
  }
  auto const a = whole.summary(), b = one.summary(), d = ranks.summary();
  for (std::size_t h = 0; h < 5; ++h) {
    CHECK_THAT(b.mse[h], WithinRel(a.mse[h], 1e-9));
    CHECK_THAT(d.mse[h], WithinRel(a.mse[h], 1e-9));
    CHECK(b.mse[h] == four.summary().mse[h]);
  }
}

TEST_CASE("shares cover every step once") {
  for (std::int64_t const steps : {1, 1023, 1024, 5000, 100000})
    for (int const size : {1, 2, 3, 7}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < size; ++rank) {
        auto const share = oracle::share_of_steps(steps, rank, size);
        CHECK(share.first == next);
        next = share.last;
      }
      CHECK(next == steps);
    }
}

TEST_CASE("windows start cold: errors are larger at their start, and smaller in longer windows") {
  auto data = small();
  data.n_steps = 40000;
  Case const c(data);
  auto const x = series::to_float32(c.series.x);
  auto const starts_of = [&](std::int64_t length) {
    std::vector<std::int64_t> starts;
    for (std::int64_t s = 0; s + length <= data.n_steps; s += length) starts.push_back(s);
    return starts;
  };
  auto const cold = [&](std::int64_t length, int threads) {
    return oracle::errors_of_windows(c.hidden, x, starts_of(length), length, {1, 4}, threads).mse;
  };
  oracle::Score score({1, 4}, data.n_steps);
  oracle::run_range(c.hidden, c.observed(), {0, data.n_steps}, 0, score);
  auto const running = score.summary();
  auto const short_windows = cold(16, 1), long_windows = cold(1024, 1);
  CHECK(short_windows[0] > 1.02 * long_windows[0]);
  CHECK(long_windows[0] > running.mse[0]);
  CHECK(long_windows[0] < 1.05 * running.mse[0]);
  CHECK(long_windows == cold(1024, 3));
  CHECK(std::isnan(oracle::errors_of_windows(c.hidden, x, {0}, 4, {1, 4}, 1).mse[1]));
}

TEST_CASE("the error of one cold window at one horizon matches a hand calculation") {
  auto data = small();
  data.n_steps = 20;
  Case const c(data);
  auto const x = series::to_float32(c.series.x);
  oracle::Filter filter(c.hidden);
  filter.start_stationary();
  oracle::Forecast forecast(c.hidden, {3});
  double sum = 0;
  for (std::size_t t = 5; t + 3 < 15; ++t) {
    if (t > 5) filter.advance();
    std::vector<double> const now(x.begin() + static_cast<std::ptrdiff_t>(t * 5),
                                  x.begin() + static_cast<std::ptrdiff_t>(t * 5 + 5));
    filter.observe(now.data());
    forecast.make(filter);
    for (std::size_t i = 0; i < 5; ++i)
      sum += std::pow(static_cast<double>(x[(t + 3) * 5 + i]) - forecast.mean(0)[i], 2);
  }
  CHECK_THAT(oracle::errors_of_windows(c.hidden, x, {5}, 10, {3}, 1).mse[0], WithinRel(sum / 35, 1e-12));
}
