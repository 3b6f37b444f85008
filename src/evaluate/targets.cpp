#include "evaluate/targets.hpp"

#include <algorithm>
#include <cmath>

#include "errors/stop.hpp"
#include "oracle/forecast.hpp"
#include "progress/count.hpp"
#include "series/visits.hpp"

namespace mambasynth::evaluate {

Targets true_targets(Truth const& truth, std::span<std::int64_t const> steps) {
  Targets targets;
  if (truth.circle.empty()) return targets;
  bool const periods = truth.process && !truth.process->period.empty();
  auto const since = series::steps_in_visit(truth.circle);
  std::vector<std::int64_t> visit(since.size());
  for (std::size_t t = 1; t < visit.size(); ++t) visit[t] = visit[t - 1] + (since[t] == 0);
  for (auto const step : steps) {
    auto const t = static_cast<std::size_t>(step);
    auto const circle = truth.circle[t];
    targets.circle.push_back(circle);
    targets.visit.push_back(visit[t]);
    if (periods)
      targets.revolutions_elapsed.push_back(
          static_cast<double>(since[t] / truth.process->period[static_cast<std::size_t>(circle)]));
  }
  auto const phase = truth.phase_at(steps);
  if (std::all_of(phase.begin(), phase.end(), [](double radians) { return std::isfinite(radians); }))
    for (auto const radians : phase) targets.phase.insert(targets.phase.end(), {std::cos(radians), std::sin(radians)});
  return targets;
}

void add_posteriors(Targets& targets, series::Process const& process, std::span<float const> x, std::int64_t seq_len,
                    std::span<std::int64_t const> steps, int threads) {
  oracle::HiddenProcess const hidden(process);
  auto const channels = static_cast<std::size_t>(process.channels);
  auto const circles = static_cast<std::size_t>(process.circles);
  targets.circles = process.circles;
  targets.switch_hazard.resize(steps.size());
  targets.next_circle.resize(steps.size() * circles);
  auto const windows = static_cast<std::int64_t>(x.size() / channels) / seq_len;
  progress::Count count(windows, "window");
  errors::StopFlag stop;
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    oracle::Filter filter(hidden);
    oracle::Forecast forecast(hidden, {1});
    std::vector<double> now(channels);
#pragma omp for schedule(dynamic, 1)
    for (std::int64_t w = 0; w < windows; ++w) {
      if (stop.requested()) continue;
      auto const first = w * seq_len;
      auto row = static_cast<std::size_t>(std::lower_bound(steps.begin(), steps.end(), first) - steps.begin());
      filter.start_stationary();
      for (auto t = first; row < steps.size() && steps[row] < first + seq_len; ++t) {
        if (t > first) filter.advance();
        std::copy_n(x.data() + static_cast<std::size_t>(t) * channels, channels, now.begin());
        filter.observe(now.data());
        if (steps[row] != t) continue;
        forecast.make(filter);
        targets.switch_hazard[row] = forecast.hazard();
        std::copy_n(forecast.next_circle().begin(), circles,
                    targets.next_circle.begin() + static_cast<std::ptrdiff_t>(row * circles));
        ++row;
      }
      count.add();
    }
  }
  stop.throw_if_requested();
}

}  // namespace mambasynth::evaluate
