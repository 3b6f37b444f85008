#include "dynamics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/undefined.hpp"

namespace mambasynth::dynamics {
namespace {

using analysis::undefined;

constexpr double per_steps = 1000;
constexpr std::int64_t bins = 40;

double ratio(double a, double b) {
  return b > 0 ? a / b : undefined;
}

/// Calls use(from, to) for each switch of a trajectory.
template <class Use>
void each_switch(Trajectory const& trajectory, Use const& use) {
  for (std::size_t v = 1; v < trajectory.visits.size(); ++v)
    if (trajectory.visits[v].first >= 0) use(trajectory.visits[v - 1], trajectory.visits[v]);
}

void count_visits(std::span<Trajectory const> trajectories, std::size_t circles, ProcessLaw const& law,
                  std::int64_t steps, Statistics& s) {
  s.transitions.assign(circles * circles, 0);
  s.dwell.assign(law.dwell.size(), 0);
  std::vector<double> rates, dwells;
  for (auto const& trajectory : trajectories) {
    std::int64_t switches = 0;
    each_switch(trajectory, [&](Visit const& from, Visit const& to) {
      ++switches;
      ++s.transitions[static_cast<std::size_t>(from.circle) * circles + static_cast<std::size_t>(to.circle)];
    });
    for (auto const& visit : trajectory.visits) {
      if (!visit.complete || visit.first < 0) continue;
      dwells.push_back(static_cast<double>(visit.steps));
      ++s.dwell[std::min(static_cast<std::size_t>(visit.steps / law.bin_steps), s.dwell.size() - 1)];
    }
    s.switches.push_back(switches);
    rates.push_back(per_steps * static_cast<double>(switches) / static_cast<double>(steps));
  }
  s.switch_rate = mean_of(rates);
  auto const dwell = mean_of(dwells);
  s.dwells = static_cast<std::int64_t>(dwells.size());
  s.dwell_mean = dwell.value;
  s.dwell_std = dwell.standard_error * std::sqrt(static_cast<double>(dwells.size()));
}

void judge_transitions(std::size_t circles, ProcessLaw const& law, Statistics& s) {
  auto const total = static_cast<double>(std::accumulate(s.transitions.begin(), s.transitions.end(), std::int64_t{0}));
  double allowed = 0, apart = 0, divergence = 0;
  for (std::size_t i = 0; i < circles; ++i) {
    double departures = 0;
    for (std::size_t j = 0; j < circles; ++j) departures += static_cast<double>(s.transitions[i * circles + j]);
    if (departures == 0) continue;
    for (std::size_t j = 0; j < circles; ++j) {
      auto const count = static_cast<double>(s.transitions[i * circles + j]), share = count / departures,
                 due = law.transition_matrix[i * circles + j];
      apart += 0.5 * departures * std::abs(share - due);
      if (due > 0) allowed += count;
      if (count > 0) divergence += due > 0 ? count * std::log(share / due) : std::numeric_limits<double>::infinity();
    }
  }
  s.allowed_share = ratio(allowed, total);
  s.transition_distance = ratio(apart, total);
  s.transition_divergence = ratio(divergence, total);
}

void judge_steps(std::span<Trajectory const> trajectories, std::size_t circles, ProcessLaw const& law,
                 std::int64_t steps, std::span<char const> perturbed, Statistics& s) {
  std::vector<double> on(circles, 0.0), errors;
  double off = 0, agreed = 0, squares = 0, counted = 0;
  for (auto const& trajectory : trajectories) {
    double error = 0, unperturbed = 0;
    for (std::size_t t = 0; t < static_cast<std::size_t>(steps); ++t) {
      auto const circle = trajectory.circle[t];
      if (circle < 0)
        off += 1;
      else
        on[static_cast<std::size_t>(circle)] += 1;
      if (circle >= 0 && trajectory.likeliest[t] == circle) agreed += 1;
      if (!perturbed.empty() && perturbed[t]) continue;
      auto const distance = static_cast<double>(trajectory.distance[t]);
      squares += distance * distance;
      error += static_cast<double>(trajectory.prediction_error[t]);
      unperturbed += 1;
    }
    counted += unperturbed;
    errors.push_back(ratio(error, unperturbed));
  }
  double const seen = std::accumulate(on.begin(), on.end(), 0.0);
  double apart = 0;
  for (std::size_t c = 0; c < circles; ++c) {
    s.occupancy.push_back(ratio(on[c], seen));
    apart += 0.5 * std::abs(s.occupancy.back() - law.occupancy[c]);
  }
  s.occupancy_distance = apart;
  s.off_share = ratio(off, seen + off);
  s.agreement = ratio(agreed, seen);
  s.distance = std::sqrt(ratio(squares, counted));
  s.prediction_error = mean_of(errors);
}

void judge_failures(std::span<Trajectory const> trajectories, std::int64_t steps, Statistics& s) {
  s.failed.assign(failures, 0);
  std::vector<double> restricted;
  for (auto const& trajectory : trajectories) {
    double first = undefined;
    std::size_t kind = failures;
    for (std::size_t f = 0; f < failures; ++f)
      if (trajectory.failure[f] < first || (std::isnan(first) && !std::isnan(trajectory.failure[f])))
        first = trajectory.failure[f], kind = f;
    s.first_failure.push_back(first);
    if (kind < failures)
      ++s.failed[kind];
    else
      ++s.lasting;
    restricted.push_back(kind < failures ? first : static_cast<double>(steps));
  }
  s.time_to_failure = mean_of(restricted);
}

}  // namespace

Estimate mean_of(std::span<double const> values) {
  auto const n = static_cast<double>(values.size());
  if (values.empty()) return {undefined, undefined};
  double const mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (double const value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1) / n) : undefined};
}

ProcessLaw law_of(oracle::HiddenProcess const& hidden) {
  ProcessLaw law;
  law.transition_matrix = hidden.process().transition_matrix;
  double mean = 0, square = 0;
  std::int64_t longest = 0;
  for (auto const& circle : hidden.circles()) {
    double of_circle = 0;
    for (std::size_t j = 0; j < circle.dwell.size(); ++j) {
      auto const steps = static_cast<double>((static_cast<std::int64_t>(j) + 1) * circle.period);
      of_circle += circle.dwell[j] * steps;
      square += circle.visit_share * circle.dwell[j] * steps * steps;
    }
    law.occupancy.push_back(circle.visit_share * of_circle);
    mean += law.occupancy.back();
    longest = std::max(longest, circle.revolutions * circle.period);
  }
  for (double& share : law.occupancy) share /= mean;
  law.dwell_mean = mean;
  law.dwell_std = std::sqrt(std::max(0.0, square - mean * mean));
  law.switch_rate = per_steps / mean;
  law.bin_steps = (longest + bins - 1) / bins;
  law.dwell.assign(static_cast<std::size_t>(longest / law.bin_steps) + 1, 0.0);
  for (auto const& circle : hidden.circles())
    for (std::size_t j = 0; j < circle.dwell.size(); ++j)
      law.dwell[static_cast<std::size_t>((static_cast<std::int64_t>(j) + 1) * circle.period / law.bin_steps)] +=
          circle.visit_share * circle.dwell[j];
  return law;
}

Statistics statistics_of(std::span<Trajectory const> trajectories, oracle::HiddenProcess const& hidden,
                         ProcessLaw const& law, std::int64_t steps, std::span<char const> perturbed) {
  Statistics s;
  auto const circles = hidden.circles().size();
  count_visits(trajectories, circles, law, steps, s);
  judge_transitions(circles, law, s);
  judge_steps(trajectories, circles, law, steps, perturbed, s);
  judge_failures(trajectories, steps, s);
  return s;
}

Comparison compare(Statistics const& with, Statistics const& without, std::int64_t steps) {
  std::vector<double> differences, times;
  auto const n = with.switches.size();
  auto const sum = [](auto const& values) {
    return static_cast<double>(std::accumulate(values.begin(), values.end(), std::int64_t{0}));
  };
  double const switched = sum(with.switches), reference = sum(without.switches), quotient = ratio(switched, reference);
  auto const time = [&](double first) { return std::isnan(first) ? static_cast<double>(steps) : first; };
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    auto const a = static_cast<double>(with.switches[i]), b = static_cast<double>(without.switches[i]);
    differences.push_back(per_steps * (a - b) / static_cast<double>(steps));
    times.push_back(time(with.first_failure[i]) - time(without.first_failure[i]));
    squares += (a - quotient * b) * (a - quotient * b);
  }
  auto const samples = static_cast<double>(n);
  return {{quotient, n > 1 ? std::sqrt(squares * samples / (samples - 1)) / reference : undefined},
          mean_of(differences),
          mean_of(times)};
}

std::vector<std::int64_t> switches_since(std::span<Trajectory const> trajectories, std::int64_t interval) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(interval), 0);
  for (auto const& trajectory : trajectories)
    each_switch(trajectory, [&](Visit const&, Visit const& to) {
      if (to.first >= interval) ++counts[static_cast<std::size_t>(to.first % interval)];
    });
  return counts;
}

}  // namespace mambasynth::dynamics
