#include "sweep/progress.hpp"

#include <algorithm>

#include "progress/duration.hpp"

namespace mambasynth::sweep {

std::optional<double> TrialView::seconds_left() const {
  auto const done = epoch - first;
  if (phase != Phase::running || done <= 0 || epochs <= 0) return std::nullopt;
  return (marked - started) / static_cast<double>(done) * static_cast<double>(epochs - epoch);
}

Progress::Progress(std::map<std::string, double> costs) : costs_(std::move(costs)) {
  for (auto const& [id, cost] : costs_) trials_[id];
}

void Progress::apply(Event const& event) {
  using Phase = TrialView::Phase;
  if (event.kind == EventKind::opened || event.kind == EventKind::closed) {
    if (event.kind == EventKind::opened) slots_ = std::max(1, event.slots);
    // No trial outlives its launcher.
    for (auto& [id, trial] : trials_) {
      if (trial.phase == Phase::ended) continue;
      trial.phase = Phase::waiting;
      trial.ranks = 1.0 / slots_;
    }
    return;
  }
  auto const found = trials_.find(event.trial);
  if (found == trials_.end()) return;
  auto& trial = found->second;
  switch (event.kind) {
    case EventKind::dispatched:
      trial.phase = Phase::dispatched;
      trial.rank = event.rank;
      trial.ranks = static_cast<double>(std::max(1, event.ranks)) / slots_;
      break;
    case EventKind::started:
      trial.phase = Phase::running;
      ++trial.tries;
      trial.host = event.host;
      trial.started = trial.marked = event.time;
      trial.epoch = trial.first = 0;
      trial.measuring = false;
      break;
    case EventKind::epoch:
      // The first mark comes after the first epoch of this try.
      if (trial.epoch == 0) trial.first = event.epoch - 1;
      trial.epoch = event.epoch;
      trial.epochs = event.epochs;
      trial.train_mse = event.train_mse;
      trial.val_mse = event.val_mse;
      trial.marked = event.time;
      break;
    case EventKind::measuring:
      trial.measuring = true;
      break;
    case EventKind::finished:
    case EventKind::failed:
    case EventKind::preempted:
      trial.phase = Phase::ended;
      trial.state = event.state.value_or(State::failed);
      trial.reason = event.reason;
      trial.seconds += event.seconds * trial.ranks;
      break;
    case EventKind::requeued:
      trial.phase = Phase::waiting;
      trial.state = State::missing;
      break;
    case EventKind::opened:
    case EventKind::closed:
      break;
  }
}

void Progress::committed(std::string const& id, State state) {
  auto& trial = trials_.at(id);
  trial.phase = TrialView::Phase::ended;
  trial.state = state;
}

std::size_t Progress::count(State state) const {
  return static_cast<std::size_t>(std::count_if(trials_.begin(), trials_.end(), [&](auto const& entry) {
    auto const& trial = entry.second;
    if (state == State::missing)
      return trial.phase == TrialView::Phase::waiting || trial.phase == TrialView::Phase::dispatched ||
             (trial.phase == TrialView::Phase::ended && trial.state == State::missing);
    return trial.phase == TrialView::Phase::ended && trial.state == state;
  }));
}

std::size_t Progress::running() const {
  return static_cast<std::size_t>(std::count_if(trials_.begin(), trials_.end(), [](auto const& entry) {
    return entry.second.phase == TrialView::Phase::running;
  }));
}

std::size_t Progress::measuring() const {
  return static_cast<std::size_t>(std::count_if(trials_.begin(), trials_.end(), [](auto const& entry) {
    return entry.second.phase == TrialView::Phase::running && entry.second.measuring;
  }));
}

double Progress::seconds_per_cost() const {
  double seconds = 0;
  double cost = 0;
  for (auto const& [id, trial] : trials_)
    if (trial.phase == TrialView::Phase::ended && trial.state == State::done && trial.seconds > 0) {
      seconds += trial.seconds;
      cost += costs_.at(id);
    }
  if (cost > 0) return seconds / cost;
  for (auto const& [id, trial] : trials_)
    if (trial.phase == TrialView::Phase::running && trial.epoch > trial.first) {
      seconds += (trial.marked - trial.started) * trial.ranks;
      cost += costs_.at(id) * static_cast<double>(trial.epoch - trial.first) / static_cast<double>(trial.epochs);
    }
  return cost > 0 ? seconds / cost : 0;
}

double Progress::share() const {
  double total = 0;
  double behind = 0;
  for (auto const& [id, trial] : trials_) {
    auto const cost = costs_.at(id);
    total += cost;
    if (trial.phase == TrialView::Phase::ended) behind += cost;
    else if (trial.phase == TrialView::Phase::running && trial.epochs > 0)
      behind += cost * static_cast<double>(trial.epoch) / static_cast<double>(trial.epochs);
  }
  return total > 0 ? behind / total : 1;
}

std::optional<double> Progress::seconds_left(int ranks) const {
  auto const pace = seconds_per_cost();
  if (pace <= 0) return std::nullopt;
  double total = 0;
  double longest = 0;
  for (auto const& [id, trial] : trials_) {
    if (trial.phase == TrialView::Phase::ended && trial.state != State::preempted) continue;
    auto const left = trial.seconds_left().value_or(costs_.at(id) * pace / trial.ranks);
    total += left * trial.ranks;
    longest = std::max(longest, left);
  }
  return std::max(total / std::max(ranks, 1), longest);
}

std::string summary(Progress const& progress, int ranks) {
  auto text = std::to_string(progress.count(State::done)) + " of " + std::to_string(progress.trials().size()) + " done";
  if (progress.running() > 0) text += ", " + std::to_string(progress.running()) + " running";
  if (progress.measuring() > 0) text += " (" + std::to_string(progress.measuring()) + " measuring)";
  for (auto const state : all_states)
    if (state != State::done && state != State::missing && progress.count(state) > 0)
      text += ", " + std::to_string(progress.count(state)) + " " + std::string(name_of(state));
  if (auto const left = progress.seconds_left(ranks); left && *left > 0)
    text += ", about " + progress::duration_text(*left) + " left";
  return text;
}

}  // namespace mambasynth::sweep
