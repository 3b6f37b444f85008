#include "oracle/run.hpp"

#include <algorithm>
#include <limits>

#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::oracle {
namespace {

constexpr std::int64_t steps_between_looks = 16;

void run_until(errors::StopFlag& stop, progress::Count& count, HiddenProcess const& hidden, Observed const& series,
               Range const& range, std::int64_t burn_in, Score& score, EachStep const& each, bool elapsed) {
  Filter filter(hidden, elapsed);
  Forecast forecast(hidden, score.horizons());
  auto const start = std::max<std::int64_t>(range.first - burn_in, 0);
  if (start > 0) filter.start_stationary();
  for (auto t = start; t < range.last; ++t) {
    if ((t - start) % steps_between_looks == 0 && stop.requested()) return;
    if (t > start) filter.advance();
    filter.observe(series.at(t));
    if (t < range.first) continue;
    forecast.make(filter);
    score.add(t, forecast, series);
    if (each) each(t, filter, forecast);
    if ((t + 1 - range.first) % Score::block_steps == 0) count.add(Score::block_steps);
  }
}

}  // namespace

void run_range(HiddenProcess const& hidden, Observed const& series, Range const& range, std::int64_t burn_in,
               Score& score, EachStep const& each, bool elapsed) {
  progress::Count count(range.last - range.first, "step");
  errors::StopFlag stop;
  run_until(stop, count, hidden, series, range, burn_in, score, each, elapsed);
  stop.throw_if_requested();
}

void run_share(HiddenProcess const& hidden, Observed const& series, Range const& share, Cut const& cut, Score& score,
               EachStep const& each, bool elapsed) {
  constexpr auto unit = Score::block_steps;
  auto const steps =
      cut.block == 0 ? std::max<std::int64_t>(share.last - share.first, 1) : (cut.block + unit - 1) / unit * unit;
  auto const blocks = (share.last - share.first + steps - 1) / steps;
  int const threads = each ? 1 : cut.threads;
  progress::Count count(share.last - share.first, "step");
  errors::StopFlag stop;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1 && blocks > 1)
  for (std::int64_t b = 0; b < blocks; ++b) {
    auto const first = share.first + b * steps;
    run_until(stop, count, hidden, series, {first, std::min(first + steps, share.last)}, cut.burn_in, score, each,
              elapsed);
  }
  stop.throw_if_requested();
}

Range needed_steps(Range const& share, std::int64_t burn_in, std::int64_t furthest_horizon, std::int64_t n_steps) {
  return {std::max<std::int64_t>(share.first - burn_in, 0), std::min(share.last + furthest_horizon, n_steps)};
}

Range share_of_steps(std::int64_t n_steps, int rank, int size) {
  constexpr auto unit = Score::block_steps;
  auto const units = (n_steps + unit - 1) / unit;
  return {std::min(units * rank / size * unit, n_steps), std::min(units * (rank + 1) / size * unit, n_steps)};
}

WindowErrors errors_of_windows(HiddenProcess const& hidden, std::span<float const> x,
                               std::vector<std::int64_t> const& starts, std::int64_t length,
                               std::vector<std::int64_t> const& horizons, int threads) {
  auto const channels = static_cast<std::size_t>(hidden.channels());
  auto const windows = static_cast<std::int64_t>(starts.size());
  std::vector<double> squares(starts.size() * horizons.size(),
                              0.0);  // (window, horizon), in units of a channel's square
  progress::Count count(windows, "window");
  errors::StopFlag stop;
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    Filter filter(hidden);
    Forecast forecast(hidden, horizons);
    std::vector<double> now(channels);
#pragma omp for schedule(dynamic, 1)
    for (std::int64_t w = 0; w < windows; ++w) {
      float const* const window = x.data() + static_cast<std::size_t>(starts[static_cast<std::size_t>(w)]) * channels;
      double* const sums = squares.data() + static_cast<std::size_t>(w) * horizons.size();
      filter.start_stationary();
      for (std::int64_t t = 0; t + horizons.front() < length; ++t) {
        if (t % steps_between_looks == 0 && stop.requested()) break;
        if (t > 0) filter.advance();
        std::copy_n(window + static_cast<std::size_t>(t) * channels, channels, now.begin());
        filter.observe(now.data());
        forecast.make(filter);
        for (std::size_t h = 0; h < horizons.size() && t + horizons[h] < length; ++h) {
          float const* const later = window + static_cast<std::size_t>(t + horizons[h]) * channels;
          for (std::size_t i = 0; i < channels; ++i) {
            double const difference = static_cast<double>(later[i]) - forecast.mean(h)[i];
            sums[h] += difference * difference;
          }
        }
      }
      count.add();
    }
  }
  stop.throw_if_requested();
  constexpr auto none = std::numeric_limits<double>::quiet_NaN();
  WindowErrors errors{std::vector<double>(horizons.size(), none),
                      {starts.size(), std::vector<double>(horizons.size(), none)}};
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    if (horizons[h] >= length) continue;
    auto const of_window = static_cast<double>(length - horizons[h]) * static_cast<double>(channels);
    double sum = 0;
    for (std::size_t w = 0; w < starts.size(); ++w) {
      double const of_this = squares[w * horizons.size() + h];
      sum += of_this;
      errors.by_window[w][h] = of_this / of_window;
    }
    if (windows > 0) errors.mse[h] = sum / (static_cast<double>(windows) * of_window);
  }
  return errors;
}

}  // namespace mambasynth::oracle
