#include "dynamics/trajectory.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "analysis/statistics/undefined.hpp"
#include "oracle/forecast.hpp"

namespace mambasynth::dynamics {
namespace {

using analysis::statistics::undefined;

double time_of(std::int64_t step, std::int64_t seed_steps) {
  return step < 0 ? undefined : static_cast<double>(step - seed_steps);
}

/// The filter's part of a trajectory. `hidden_from_it`: (seed and continuation steps).
void filter(oracle::HiddenProcess const& hidden, std::span<float const> x, std::span<char const> hidden_from_it,
            Path const& path, std::int64_t seed_steps, Trajectory& result) {
  auto const channels = static_cast<std::size_t>(hidden.channels());
  auto const steps = static_cast<std::int64_t>(path.circle.size());
  auto const largest = 1e3 * *std::max_element(hidden.process().radius.begin(), hidden.process().radius.end());
  oracle::Filter filter(hidden);
  oracle::Forecast forecast(hidden, {1});
  filter.start_stationary();
  std::vector<double> now(channels);
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::size_t i = 0; i < channels; ++i)
      now[i] = static_cast<double>(x[static_cast<std::size_t>(t) * channels + i]);
    if (t >= seed_steps) {
      double squares = 0;
      for (std::size_t i = 0; i < channels; ++i)
        squares += (now[i] - forecast.mean(0)[i]) * (now[i] - forecast.mean(0)[i]);
      result.prediction_error.push_back(static_cast<float>(squares / static_cast<double>(channels)));
    }
    if (t > 0) filter.advance();
    bool const sound = std::all_of(now.begin(), now.end(), [&](double v) { return std::abs(v) <= largest; });
    if (sound && !hidden_from_it[static_cast<std::size_t>(t)]) filter.observe(now.data());
    forecast.make(filter);
    if (t < seed_steps) continue;
    auto const& law = forecast.circle_now();
    result.circle_probability.push_back(
        static_cast<float>(law[static_cast<std::size_t>(path.circle[static_cast<std::size_t>(t)])]));
    result.likeliest.push_back(std::max_element(law.begin(), law.end()) - law.begin());
  }
}

}  // namespace

double distance_to(oracle::HiddenProcess const& hidden, std::size_t circle, float const* x) {
  auto const channels = static_cast<std::size_t>(hidden.channels());
  auto const* const v1 = hidden.process().axis(static_cast<std::int64_t>(circle), 0).data();
  auto const* const v2 = hidden.process().axis(static_cast<std::int64_t>(circle), 1).data();
  double along_1 = 0, along_2 = 0;
  for (std::size_t i = 0; i < channels; ++i) {
    along_1 += static_cast<double>(x[i]) * v1[i];
    along_2 += static_cast<double>(x[i]) * v2[i];
  }
  double const inside = std::hypot(along_1, along_2) - hidden.circles()[circle].radius;
  double square = inside * inside;
  for (std::size_t i = 0; i < channels; ++i) {
    double const outside = static_cast<double>(x[i]) - along_1 * v1[i] - along_2 * v2[i];
    square += outside * outside;
  }
  return std::sqrt(square);
}

Limits limits_of(oracle::HiddenProcess const& hidden, double noise_std, std::int64_t steps,
                 config::Generate const& rules) {
  auto const& radius = hidden.process().radius;
  auto const least =
      rules.off_radius * std::accumulate(radius.begin(), radius.end(), 0.0) / static_cast<double>(radius.size());
  return {1 / std::sqrt(hidden.sharpness()),
          std::max(least * least,
                   largest_noise_square(noise_std, hidden.channels(), rules.off_window, steps, rules.off_level))};
}

Trajectory follow(oracle::HiddenProcess const& hidden, Decoder const& decoder, Continuation const& series,
                  config::Generate const& rules) {
  auto const channels = static_cast<std::size_t>(hidden.channels());
  auto const seed_steps = series.seed.size() / channels, steps = series.x.size() / channels, all = seed_steps + steps;
  auto const from = static_cast<std::int64_t>(seed_steps);
  std::vector<float> x(series.seed.begin(), series.seed.end());
  x.insert(x.end(), series.x.begin(), series.x.end());
  std::vector<char> perturbed(all);
  std::copy(series.perturbed.begin(), series.perturbed.end(), perturbed.begin() + from);
  auto const limits = limits_of(hidden, series.noise_std, static_cast<std::int64_t>(steps), rules);
  auto const path = decoder.decode(x, perturbed);

  Trajectory result;
  std::vector<double> nearest(steps), decoded(steps);  // squared
  for (std::size_t t = 0; t < steps; ++t) {
    auto const* const now = x.data() + (seed_steps + t) * channels;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < hidden.circles().size(); ++c) least = std::min(least, distance_to(hidden, c, now));
    double const own = distance_to(hidden, static_cast<std::size_t>(path.circle[seed_steps + t]), now);
    nearest[t] = std::isfinite(own) ? least * least : undefined;  // min() ignores NaN
    decoded[t] = own * own;
    result.distance.push_back(static_cast<float>(std::sqrt(nearest[t]) / limits.noise));
    result.distance_decoded.push_back(static_cast<float>(own / limits.noise));
  }
  auto const off = beyond(nearest, series.perturbed, rules.off_window, limits.off_square);
  auto const astray = beyond(decoded, series.perturbed, rules.off_window, limits.off_square);

  auto labeled = path.circle;
  for (std::size_t t = 0; t < steps; ++t)
    if (astray[t]) labeled[seed_steps + t] = -1;
  result.visits = visits_of(labeled, hidden, rules.shortest_visit);
  result.circle.assign(steps, -1);
  for (auto& visit : result.visits) {
    for (auto t = std::max(visit.first, from); t < visit.end(); ++t)
      result.circle[static_cast<std::size_t>(t - from)] = visit.circle;
  }
  for (std::size_t t = seed_steps; t < all; ++t) {
    auto const c = static_cast<std::size_t>(path.circle[t]);
    auto const angle = hidden.process().entry_angle[c] +
                       static_cast<double>(path.position[t]) * hidden.process().step_angle(path.circle[t]);
    result.phase.push_back(static_cast<float>(std::fmod(angle, 2 * std::numbers::pi)));
  }
  auto const first_off = std::find(off.begin(), off.end(), char{1});
  result.failure[static_cast<std::size_t>(Failure::off_manifold)] =
      first_off == off.end() ? undefined : static_cast<double>(first_off - off.begin());
  result.failure[static_cast<std::size_t>(Failure::clock)] =
      time_of(first_clock_failure(path, hidden, {rules.clock_window, rules.clock_rate}, from), from);
  result.failure[static_cast<std::size_t>(Failure::dwell)] = time_of(first_overlong(result.visits, hidden, from), from);
  filter(hidden, x, perturbed, path, from, result);
  for (auto& visit : result.visits) visit.first -= from;
  return result;
}

}  // namespace mambasynth::dynamics
