#include "sweep/forecast.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "config/section.hpp"
#include "sweep/cost.hpp"

namespace mambasynth::sweep {
namespace {

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// TFLOP of a training step of `windows` windows, as estimated_cost counts them.
double step_cost(config::Trial const& trial, std::int64_t channels, std::int64_t windows) {
  constexpr double forward_and_backward = 3;
  return forward_and_backward * static_cast<double>(windows) * static_cast<double>(trial.train.seq_len) *
         forward_flop_per_step(trial.model, channels) / 1e12;
}

/// What determines the time of a training step.
std::string shape_of(PlannedTrial const& planned) {
  auto train = planned.trial.train;
  config::Train const same;
  train.seed = same.seed;
  train.epochs = same.epochs;
  train.warmup_epochs = same.warmup_epochs;
  train.lr = same.lr;
  train.gate_lr_factor = same.gate_lr_factor;
  train.stride = same.stride;
  train.val_fraction = same.val_fraction;
  auto const is_on = [](double weight) { return weight > 0 ? 1.0 : 0.0; };
  train.slowness_lambda = is_on(train.slowness_lambda);
  train.contrastive_lambda = is_on(train.contrastive_lambda);
  train.contrastive_temp = same.contrastive_temp;
  train.aug_scale = is_on(train.aug_scale);
  train.aug_noise = is_on(train.aug_noise);
  train.aug_rotate_eps = is_on(train.aug_rotate_eps);
  auto model = planned.trial.model;
  model.dropout = is_on(model.dropout);
  return std::to_string(planned.channels) + config::section_to_toml(model) + config::section_to_toml(train);
}

struct Shape {
  config::Trial trial;
  std::int64_t channels = 0;
  double cost = 0;                  ///< of all its trials
  std::optional<double> pace = {};  ///< seconds per TFLOP
};

/// Shortens the windows of a step that would take minutes on a slow core. Halving keeps the horizons in the window.
void shorten(config::Trial& trial, std::int64_t channels) {
  constexpr double most_cost = 0.01;
  auto& length = trial.train.seq_len;
  while (step_cost(trial, channels, 1) > most_cost && length / 2 > trial.model.max_horizon && length / 2 >= 2)
    length /= 2;
}

/// Seconds per TFLOP of a training step, from at most about `seconds` of measurement. On the CPU, the number of windows
/// grows from one as long as the time permits, because a whole batch may take minutes.
std::optional<double> measured_pace(config::Trial trial, std::int64_t channels, Stopwatch const& stopwatch,
                                    double seconds) {
  constexpr double too_costly = 0.2;
  auto const batch = trial.train.batch_size;
  auto const deadline = clock_seconds() + seconds;
  if (!stopwatch.whole_batches) {
    trial.train.batch_size = 1;
    shorten(trial, channels);
    if (step_cost(trial, channels, 1) > too_costly) return std::nullopt;
  }
  std::optional<double> pace;
  while (true) {
    auto const windows = trial.train.batch_size;
    auto const time = stopwatch.time_step(trial, channels, (deadline - clock_seconds()) / 2);
    if (!time) return pace;
    pace = *time / step_cost(trial, channels, windows);
    constexpr std::int64_t growth = 4;
    constexpr double steps = 3;  // the warm-up and two that count
    auto const next = std::min(batch, windows * growth);
    if (windows == batch ||
        clock_seconds() + steps * *time * static_cast<double>(next) / static_cast<double>(windows) > deadline)
      return pace;
    trial.train.batch_size = next;
  }
}

std::string number_of(std::size_t value, std::string const& one) {
  return std::to_string(value) + " " + one + (value == 1 ? "" : "s");
}

}  // namespace

Forecast forecast_from_trials(Plan const& plan, std::vector<bool> const& done, CostModel const& costs,
                              std::size_t finished) {
  Forecast forecast;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    forecast.done += done[i] ? 1 : 0;
    forecast.seconds.push_back(done[i] ? 0 : costs.expected(plan.trials[i].cost));
  }
  forecast.basis = "Based on " + number_of(finished, "finished trial") +
                   " of this folder, including the measurements after training.";
  return forecast;
}

Forecast forecast_from_steps(Plan const& plan, std::vector<bool> const& done, Stopwatch const& stopwatch) {
  auto const start = clock_seconds();
  std::map<std::string, Shape> shapes;
  std::vector<Shape*> shape_of_trial;
  Forecast forecast;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    auto const& planned = plan.trials[i];
    auto& shape = shapes.try_emplace(shape_of(planned), Shape{planned.trial, planned.channels}).first->second;
    shape.cost += done[i] ? 0 : planned.cost;
    shape_of_trial.push_back(&shape);
    forecast.done += done[i] ? 1 : 0;
  }
  std::vector<Shape*> by_cost;
  for (auto& [key, shape] : shapes)
    if (shape.cost > 0) by_cost.push_back(&shape);
  std::stable_sort(by_cost.begin(), by_cost.end(), [](auto const* a, auto const* b) { return a->cost > b->cost; });

  constexpr double longest = 3, shortest = 0.5;
  CostModel
      by_window;  // learns from the time of one window, so that unmeasured shapes follow the nearest measured ones
  std::size_t measured = 0;
  auto const learn = [&](Shape& shape) {
    auto const cost = step_cost(shape.trial, shape.channels, 1);
    (void)by_window.learn(cost, *shape.pace * cost);
    ++measured;
  };
  for (std::size_t i = 0; i < by_cost.size(); ++i) {
    auto const left = stopwatch.seconds - (clock_seconds() - start);
    if (left < shortest && measured > 0) break;
    auto& shape = *by_cost[i];
    shape.pace = measured_pace(shape.trial, shape.channels, stopwatch,
                               std::clamp(left / static_cast<double>(by_cost.size() - i), shortest, longest));
    if (shape.pace) learn(shape);
  }
  bool const any_shape = measured > 0;
  if (!any_shape && !by_cost.empty()) {  // all are too large for this machine: one that any machine can train
    Shape small{.trial = {}, .channels = config::Data{}.ambient_dim};
    small.trial.train.precision = by_cost.front()->trial.train.precision;
    small.pace = measured_pace(small.trial, small.channels, stopwatch, longest);
    if (small.pace) learn(small);
  }
  if (measured == 0 && !by_cost.empty()) return forecast;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    auto const& shape = *shape_of_trial[i];
    auto const cost = step_cost(shape.trial, shape.channels, 1);
    auto const pace = shape.pace ? *shape.pace : by_window.expected(cost) / cost;
    forecast.seconds.push_back(done[i] ? 0 : plan.trials[i].cost * pace);
  }
  if (by_cost.empty()) return forecast;
  auto const others = by_cost.size() - (any_shape ? measured : 0);
  forecast.basis = !any_shape
                       ? "Based on training steps of the default network (the networks of this sweep are too large "
                         "to measure here), scaled by predicted cost"
                       : "Based on training steps of " + number_of(measured, "shape");
  if (any_shape && others > 0) forecast.basis += " (" + std::to_string(others) + " more scaled by predicted cost)";
  forecast.basis += ", timed on " + stopwatch.place + ", one rank alone. The measurements after training come on top.";
  return forecast;
}

double makespan(Plan const& plan, std::vector<double> const& seconds, int workers) {
  std::vector<std::size_t> order(plan.trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  auto const ranks_of_trial = [&](std::size_t i) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(plan.trials[i].ranks, 1, workers));
  };
  auto const length = [&](std::size_t i) { return seconds[i] / static_cast<double>(ranks_of_trial(i)); };
  // Trials on several ranks first: later, they would wait until so many ranks are free at once.
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    return std::pair(ranks_of_trial(a), length(a)) > std::pair(ranks_of_trial(b), length(b));
  });
  std::multiset<double> free_at;  // of each rank
  for (int rank = 0; rank < workers; ++rank) free_at.insert(0);
  double last = 0;
  for (auto const i : order) {
    auto const ranks = ranks_of_trial(i);
    auto const latest = std::next(free_at.begin(), static_cast<std::ptrdiff_t>(ranks - 1));
    auto const end = *latest + length(i);
    free_at.erase(free_at.begin(), std::next(latest));
    for (std::size_t rank = 0; rank < ranks; ++rank) free_at.insert(end);
    last = std::max(last, end);
  }
  return last;
}

}  // namespace mambasynth::sweep
