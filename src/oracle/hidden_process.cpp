#include "oracle/hidden_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "errors/errors.hpp"
#include "oracle/dwell.hpp"

namespace mambasynth::oracle {
namespace {

constexpr double most_states = 1e8;  // 0.8 GB per filter
constexpr double least_relative_noise = 1e-4;

void require_few_states(series::Process const& process) {
  double states = 0;
  for (auto const period : process.period)
    states += static_cast<double>(period) *
              static_cast<double>(most_revolutions(period, process.dwell_mean, process.dwell_std));
  if (states > most_states)
    throw errors::usage(fmt::format("the hidden process has {:.3g} states", states),
                        fmt::format("the exact filter holds one number for each, at most {:.0e}", most_states),
                        "Use a shorter data.dwell_mean or a smaller data.dwell_std, or fewer circles");
}

HiddenCircle circle_of(series::Process const& process, std::int64_t number) {
  auto const c = static_cast<std::size_t>(number);
  HiddenCircle circle;
  circle.period = process.period[c];
  circle.radius = process.radius[c];
  circle.dwell = dwell_law(circle.period, process.dwell_mean, process.dwell_std);
  circle.survival = survival_of(circle.dwell);
  for (double const p : circle.dwell) circle.log_dwell.push_back(std::log(p));
  for (double const p : circle.survival) circle.log_survival.push_back(std::log(p));
  circle.revolutions = static_cast<std::int64_t>(circle.dwell.size());
  auto const step = process.step_angle(number);
  for (std::int64_t i = 0; i < 2 * circle.period; ++i) {
    auto const angle =
        std::fmod(process.entry_angle[c] + static_cast<double>(i % circle.period) * step, 2 * std::numbers::pi);
    circle.cosine.push_back(std::cos(angle));
    circle.sine.push_back(std::sin(angle));
  }
  circle.turn_cosine = std::cos(step);
  circle.turn_sine = std::sin(step);
  auto const row = process.transitions_from(number);
  for (std::size_t j = 0; j < row.size(); ++j)
    if (row[j] > 0) {
      circle.successors.emplace_back(static_cast<std::int64_t>(j), row[j]);
      circle.log_successors.push_back(std::log(row[j]));
    }
  return circle;
}

}  // namespace

HiddenProcess::HiddenProcess(series::Process process) : process_(std::move(process)) {
  if (process_.drift_std > 0)
    throw errors::usage(
        fmt::format("there is no exact filter for data.drift_std = {}", process_.drift_std),
        "the positions of the centers are an unbounded hidden state, and the filter sums over finitely many states",
        "Use a series without drift; training and evaluation continue without the Bayes optimum");
  require_few_states(process_);
  auto const visits = stationary_law(process_.transition_matrix, process_.circles);
  for (std::int64_t c = 0; c < process_.circles; ++c) {
    auto circle = circle_of(process_, c);
    circle.visit_share = visits[static_cast<std::size_t>(c)];
    circle.first_position = positions_;
    circle.first_state = states_;
    positions_ += circle.period;
    states_ += circle.period * circle.revolutions;
    most_revolutions_ = std::max(most_revolutions_, circle.revolutions);
    circles_.push_back(std::move(circle));
  }
  auto const largest = *std::max_element(process_.radius.begin(), process_.radius.end());
  auto const noise = std::max(process_.noise_std, least_relative_noise * largest);
  sharpness_ = 1 / (noise * noise);
}

std::vector<double> stationary_law(std::vector<double> transition, std::int64_t n) {
  auto const size = static_cast<std::size_t>(n);
  auto const at = [&](std::size_t i, std::size_t j) -> double& { return transition[i * size + j]; };
  for (std::size_t k = size; k-- > 1;) {
    double leaving = 0;
    for (std::size_t j = 0; j < k; ++j) leaving += at(k, j);
    for (std::size_t i = 0; i < k; ++i) {
      at(i, k) /= leaving;
      if (at(i, k) == 0) continue;
      for (std::size_t j = 0; j < k; ++j) at(i, j) += at(i, k) * at(k, j);
    }
  }
  std::vector<double> law(size, 0.0);
  law[0] = 1;
  for (std::size_t k = 1; k < size; ++k)
    for (std::size_t i = 0; i < k; ++i) law[k] += law[i] * at(i, k);
  auto const sum = std::accumulate(law.begin(), law.end(), 0.0);
  for (double& p : law) p /= sum;
  return law;
}

}  // namespace mambasynth::oracle
