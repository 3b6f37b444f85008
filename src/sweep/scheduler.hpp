#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sweep/state.hpp"

namespace mambasynth::sweep {

/// Which worker runs which trial, as a function of events alone: no messages, files or clocks in here, so that tests
/// and simulations drive the very code that runs a cluster. The longest expected trial goes first, which bounds the
/// makespan on equal workers by 4/3 - 1/(3 m) of the best (Graham 1969).
class Scheduler {
 public:
  struct Job {
    std::size_t trial = 0;  ///< the caller's number for it
    double cost = 0;
  };
  struct Assignment {
    int worker = 0;
    std::size_t trial = 0;
  };

  /// What an ended trial means: nothing (a late word of a worker that was given up), its end, or that it waits again.
  enum class Verdict { ignored, final, again };

  /// `retries`: how often a failed trial runs again, on a worker that it has not failed on as long as there is one.
  explicit Scheduler(std::vector<Job> const& jobs, std::int64_t retries = 0);

  // Events.
  /// An idle worker asks for work. Unknown workers join this way; saying it twice changes nothing.
  void ready(int worker);
  /// The worker ended its trial, in whatever state, and is idle but not yet ready.
  Verdict ended(int worker, std::size_t trial, State state);
  /// The worker will say nothing more. Its trial, when it had one, waits again; returns whether it had one.
  bool lost(int worker);
  /// No further trial starts.
  void stop() { stopped_ = true; }

  /// What may start now; each assignment is given out once.
  [[nodiscard]] std::vector<Assignment> assign();

  /// Nothing runs, and nothing will: all trials ended, or the scheduler was stopped.
  [[nodiscard]] bool finished() const { return running_.empty() && (waiting_.empty() || stopped_); }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::map<int, std::size_t> const& running() const { return running_; }
  [[nodiscard]] std::map<std::size_t, State> const& results() const { return results_; }

 private:
  struct LongestFirst {
    bool operator()(Job const& a, Job const& b) const {
      return a.cost != b.cost ? a.cost > b.cost : a.trial < b.trial;
    }
  };
  [[nodiscard]] bool accepts(std::size_t trial, int worker) const;

  std::set<Job, LongestFirst> waiting_;
  std::map<std::size_t, double> costs_;
  std::map<int, std::size_t> running_;  ///< worker -> trial
  std::set<int> idle_, alive_;
  std::map<std::size_t, std::set<int>> failed_on_;
  std::map<std::size_t, std::int64_t> failures_;
  std::int64_t retries_;
  std::map<std::size_t, State> results_;
  bool stopped_ = false;
};

}  // namespace mambasynth::sweep
