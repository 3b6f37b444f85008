#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

namespace mambasynth::sweep {

/// Limits how many slots of a rank train at the same time, so that one more slot than that can measure meanwhile: a
/// slot takes a turn to ask the manager for a trial, and returns it when the trial's measurements begin.
class TrainingTurns {
 public:
  /// The first slots begin with the turns.
  TrainingTurns(int slots, int trainings) : states_(static_cast<std::size_t>(slots), State::none) {
    for (int slot = 0; slot < trainings; ++slot) of(slot) = State::asked;
  }

  /// Before asking for a trial. Where no turn is free, takes that of a later slot which has asked and received none
  /// yet: a manager that gives trials to the first slot alone would otherwise never give another.
  bool take_to_ask(int slot) {
    std::lock_guard const guard(mutex_);
    if (of(slot) == State::none && free_ == 0) free_idle_after(slot);
    return take(slot, State::asked);
  }
  /// Before a trial that the manager gave begins.
  bool take_to_train(int slot) {
    std::lock_guard const guard(mutex_);
    return take(slot, State::training);
  }
  void give_back(int slot) {
    std::lock_guard const guard(mutex_);
    if (of(slot) == State::none) return;
    of(slot) = State::none;
    ++free_;
  }

 private:
  enum class State { none, asked, training };
  State& of(int slot) { return states_[static_cast<std::size_t>(slot)]; }
  void free_idle_after(int slot) {
    auto const other = std::find(states_.begin() + slot + 1, states_.end(), State::asked);
    if (other == states_.end()) return;
    *other = State::none;
    ++free_;
  }
  bool take(int slot, State wanted) {
    if (of(slot) == State::none) {
      if (free_ == 0) return false;
      --free_;
    }
    of(slot) = wanted;
    return true;
  }

  std::mutex mutex_;
  int free_ = 0;
  std::vector<State> states_;
};

}  // namespace mambasynth::sweep
