#include "dynamics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::dynamics {
namespace {

using analysis::statistics::undefined;

constexpr std::int64_t bins = 40;
constexpr double windows_apart = 2;  // window lengths beyond which two samples count as independent

double ratio(double a, double b) { return b > 0 ? a / b : undefined; }

/// Calls use(from, to) for each switch of a trajectory.
template <class Use>
void each_switch(Trajectory const& trajectory, Use const& use) {
  for (std::size_t v = 1; v < trajectory.visits.size(); ++v)
    if (trajectory.visits[v].first >= 0) use(trajectory.visits[v - 1], trajectory.visits[v]);
}

void count_visits(std::span<Trajectory const> trajectories, Samples const& samples, ProcessLaw const& law,
                  std::int64_t steps, Statistics& s) {
  auto const circles = law.occupancy.size();
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
  s.switch_rate = samples.mean(rates);
  auto const dwell = Samples(dwells.size()).mean(dwells);
  s.dwells = static_cast<std::int64_t>(dwells.size());
  s.dwell_mean = dwell.value;
  s.dwell_std = dwell.standard_error * std::sqrt(static_cast<double>(dwells.size()));
}

void judge_transitions(ProcessLaw const& law, Statistics& s) {
  auto const circles = law.occupancy.size();
  auto const total = static_cast<double>(std::accumulate(s.transitions.begin(), s.transitions.end(), std::int64_t{0}));
  double allowed = 0, apart = 0, divergence = 0;
  for (std::size_t i = 0; i < circles; ++i) {
    double departures = 0;
    for (std::size_t j = 0; j < circles; ++j) departures += static_cast<double>(s.transitions[i * circles + j]);
    if (departures == 0) continue;
    for (std::size_t j = 0; j < circles; ++j) {
      auto const count = static_cast<double>(s.transitions[i * circles + j]), share = count / departures,
                 due = law.seen.transition_matrix[i * circles + j];
      apart += 0.5 * departures * std::abs(share - due);
      if (law.transition_matrix[i * circles + j] > 0) allowed += count;
      if (count > 0) divergence += due > 0 ? count * std::log(share / due) : std::numeric_limits<double>::infinity();
    }
  }
  s.allowed_share = ratio(allowed, total);
  s.transition_distance = ratio(apart, total);
  s.transition_divergence = ratio(divergence, total);
}

void judge_steps(std::span<Trajectory const> trajectories, Samples const& samples, ProcessLaw const& law,
                 std::int64_t steps, std::span<char const> perturbed, Statistics& s) {
  auto const circles = law.occupancy.size();
  std::vector<double> on(circles, 0.0), errors;
  double off = 0, agreed = 0, squares = 0, counted = 0;
  for (auto const& trajectory : trajectories) {
    double error = 0, unperturbed = 0;
    for (std::size_t t = 0; t < static_cast<std::size_t>(steps); ++t) {
      auto const circle = trajectory.circle[t];
      if (circle < 0) off += 1;
      else on[static_cast<std::size_t>(circle)] += 1;
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
    apart += 0.5 * std::abs(s.occupancy.back() - law.seen.occupancy[c]);
  }
  s.occupancy_distance = apart;
  s.off_share = ratio(off, seen + off);
  s.agreement = ratio(agreed, seen);
  s.distance = std::sqrt(ratio(squares, counted));
  s.prediction_error = samples.mean(errors);
}

void judge_failures(std::span<Trajectory const> trajectories, Samples const& samples, std::int64_t steps,
                    Statistics& s) {
  s.failed.assign(failures, 0);
  std::vector<double> restricted;
  for (auto const& trajectory : trajectories) {
    double first = undefined;
    std::size_t kind = failures;
    for (std::size_t f = 0; f < failures; ++f)
      if (trajectory.failure[f] < first || (std::isnan(first) && !std::isnan(trajectory.failure[f])))
        first = trajectory.failure[f], kind = f;
    s.first_failure.push_back(first);
    if (kind < failures) ++s.failed[kind];
    else ++s.lasting;
    restricted.push_back(kind < failures ? first : static_cast<double>(steps));
  }
  s.time_to_failure = samples.mean(restricted);
}

}  // namespace

Samples::Samples(std::size_t count) : count_(count), correlated_(static_cast<double>(count)), seen_(correlated_ - 1) {}

Samples::Samples(std::vector<std::int64_t> starts, std::int64_t length)
    : starts_(std::move(starts)),
      count_(starts_.size()),
      length_(static_cast<double>(length)),
      correlated_(0),
      seen_(0) {
  auto const n = static_cast<double>(count_);
  double weights = 0, both = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    double weight = 0, correlation = 0;
    for (std::size_t j = 0; j < count_; ++j) {
      double const w = closeness(i, j, windows_apart), v = closeness(i, j, 1);
      seen_ += w * v;
      weight += w, correlation += v;
    }
    weights += weight, correlated_ += correlation, both += weight * correlation;
  }
  seen_ += (weights * correlated_ / n - 2 * both) / n;
}

/// 1 for a window with itself, 0 for two that start `lengths` windows apart.
double Samples::closeness(std::size_t i, std::size_t j, double lengths) const {
  auto const apart = static_cast<double>(std::abs(starts_[i] - starts_[j]));
  return std::max(0.0, 1 - apart / (lengths * length_));
}

double Samples::independent() const {
  auto const n = static_cast<double>(count_);
  return n * n / correlated_;
}

double Samples::error_of_sum(std::span<double const> residuals) const {
  if (count_ < 2) return undefined;
  double products = 0;
  for (std::size_t i = 0; i < count_; ++i)
    for (std::size_t j = 0; j < count_; ++j)
      if (i == j || !starts_.empty())
        products += residuals[i] * residuals[j] * (i == j ? 1 : closeness(i, j, windows_apart));
  return std::sqrt(std::max(0.0, products) / seen_ * correlated_);
}

Estimate Samples::mean(std::span<double const> values) const {
  if (values.empty()) return {undefined, undefined};
  auto const n = static_cast<double>(values.size());
  double const mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  std::vector<double> residuals;
  for (double const value : values) residuals.push_back(value - mean);
  return {mean, error_of_sum(residuals) / n};
}

ProcessLaw law_of(oracle::HiddenProcess const& hidden, Window const& window) {
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
  law.seen = law_in(window, hidden, law.bin_steps, law.dwell.size());
  if (hidden.circles().size() == 1) {  // one endless visit
    law.dwell_mean = law.dwell_std = undefined;
    law.switch_rate = 0;
    std::fill(law.dwell.begin(), law.dwell.end(), 0.0);
  }
  return law;
}

Statistics statistics_of(std::span<Trajectory const> trajectories, Samples const& samples, ProcessLaw const& law,
                         std::int64_t steps, std::span<char const> perturbed) {
  Statistics s;
  count_visits(trajectories, samples, law, steps, s);
  judge_transitions(law, s);
  judge_steps(trajectories, samples, law, steps, perturbed, s);
  judge_failures(trajectories, samples, steps, s);
  return s;
}

Comparison compare(Statistics const& with, Statistics const& without, Samples const& samples, std::int64_t steps) {
  std::vector<double> differences, times, residuals;
  auto const n = with.switches.size();
  auto const sum = [](auto const& values) {
    return static_cast<double>(std::accumulate(values.begin(), values.end(), std::int64_t{0}));
  };
  double const switched = sum(with.switches), reference = sum(without.switches), quotient = ratio(switched, reference);
  auto const time = [&](double first) { return std::isnan(first) ? static_cast<double>(steps) : first; };
  for (std::size_t i = 0; i < n; ++i) {
    auto const a = static_cast<double>(with.switches[i]), b = static_cast<double>(without.switches[i]);
    differences.push_back(per_steps * (a - b) / static_cast<double>(steps));
    times.push_back(time(with.first_failure[i]) - time(without.first_failure[i]));
    residuals.push_back(a - quotient * b);
  }
  return {{quotient, samples.error_of_sum(residuals) / reference}, samples.mean(differences), samples.mean(times)};
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
