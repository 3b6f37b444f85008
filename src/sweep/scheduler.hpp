#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sweep/state.hpp"

namespace mambasynth::sweep {

/// Decides which workers run which trial, as a function of events only. It uses no messages, files or clocks, so that
/// tests and simulations drive the same code as a cluster. Trials that need the most workers go first, among these the
/// longest expected (LPT). If each trial needs one of m equal workers, the makespan is at most 4/3 - 1/(3 m) times the
/// optimum (Graham 1969). While a larger trial waits for enough idle workers, smaller trials get only those workers
/// that cannot become part of its group.
class Scheduler {
 public:
  struct Job {
    std::size_t trial = 0;  ///< the caller's index
    double cost = 0;
    int ranks = 1;    ///< number of workers that run it together
    int shrinks = 0;  ///< how often it may be retried with a smaller micro-batch after memory ran out
  };
  struct Assignment {
    int worker = 0;  ///< the root: the first of `ranks`
    std::size_t trial = 0;
    std::vector<int> ranks = {};
  };

  /// What a worker's end means for its trial. ignored: nothing (a late report of a lost worker, or the root has already
  /// decided); partly: the others of its group have yet to end; final: the trial has ended; again: the trial was
  /// requeued.
  enum class Verdict { ignored, partly, final, again };

  /// `retries`: how often a failed trial runs again, on a rank where it has not failed yet if there is one.
  explicit Scheduler(std::vector<Job> const& jobs, std::int64_t retries = 0);

  /// Announces ranks 0 .. ranks - 1, so that a trial that needs several of them waits for them. Worker w is a slot of
  /// rank w % ranks; without this call every worker is its own rank. Workers below `ranks` are used first.
  void expect(int ranks);

  // Events.
  /// An idle worker asks for work. Unknown workers join this way. Idempotent.
  void ready(int worker);
  /// The worker ended its part of a trial, in any state, and is idle but not yet ready. A root that has committed or
  /// saved decides for its group; otherwise the first failure counts once the whole group has ended.
  Verdict ended(int worker, std::size_t trial, State state);
  /// The worker will send nothing more. Its trial is requeued, after the others of its group have ended; `ignored`: it
  /// had no trial.
  Verdict lost(int worker);
  /// Starts no further trials.
  void stop() { stopped_ = true; }
  /// Updates the costs of waiting trials.
  template <class CostOf>
  void estimate(CostOf const& cost_of) {
    Waiting waiting;
    for (auto job : waiting_) {
      job.cost = cost_of(job.trial);
      jobs_.at(job.trial).cost = job.cost;
      waiting.insert(job);
    }
    waiting_ = std::move(waiting);
  }

  /// The assignments that may start now; each is returned once.
  [[nodiscard]] std::vector<Assignment> assign();

  /// Nothing is running and nothing will start: all trials have ended, or the scheduler was stopped.
  [[nodiscard]] bool finished() const { return running_.empty() && (waiting_.empty() || stopped_); }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  /// The fewest workers that any waiting trial needs; 0 if none is waiting.
  [[nodiscard]] int fewest_ranks() const { return waiting_.empty() ? 0 : waiting_.rbegin()->ranks; }
  /// How often the trial ran out of memory.
  [[nodiscard]] int shrunk(std::size_t trial) const;
  [[nodiscard]] std::map<int, std::size_t> const& running() const { return running_; }
  [[nodiscard]] std::map<std::size_t, State> const& results() const { return results_; }

 private:
  struct LargestThenLongest {
    bool operator()(Job const& a, Job const& b) const {
      if (a.ranks != b.ranks) return a.ranks > b.ranks;
      return a.cost != b.cost ? a.cost > b.cost : a.trial < b.trial;
    }
  };
  using Waiting = std::set<Job, LargestThenLongest>;
  struct Team {
    std::vector<int> ranks;
    std::size_t left;
    bool lost = false;
    std::optional<State> root_state = {}, failure = {};
  };
  [[nodiscard]] int rank_of(int worker) const { return ranks_ > 0 ? worker % ranks_ : worker; }
  Verdict concluded(std::size_t trial, Team const& team);
  Verdict requeue(std::size_t trial);
  [[nodiscard]] bool accepts(std::size_t trial, int worker) const;
  /// The first waiting trial that needs at most `ranks` workers.
  [[nodiscard]] Waiting::iterator first_of(int ranks) const;
  [[nodiscard]] std::vector<int> idle_group(int ranks) const;
  [[nodiscard]] int workers_below(int ranks) const;
  void start(Waiting::iterator job, std::vector<int> ranks, std::vector<Assignment>& assignments);

  std::map<std::size_t, Job> jobs_;
  Waiting waiting_;
  std::map<int, std::size_t> running_;  ///< worker -> trial
  std::map<std::size_t, Team> teams_;   ///< of trials that have not ended
  std::set<int> idle_, alive_;
  std::map<std::size_t, std::set<int>> failed_on_;  ///< ranks
  std::map<std::size_t, std::int64_t> failures_;
  std::map<std::size_t, int> shrunk_;
  std::int64_t retries_;
  int ranks_ = 0;
  std::map<std::size_t, State> results_;
  bool stopped_ = false;
};

}  // namespace mambasynth::sweep
