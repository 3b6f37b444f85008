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

/// Which workers run which trial, as a function of events alone: no messages, files or clocks in here, so that tests
/// and simulations drive the very code that runs a cluster. Trials that need the most workers go first, among these the
/// longest expected, which bounds the makespan on equal workers by 4/3 - 1/(3 m) of the best where each trial needs one
/// (Graham 1969). While a larger trial waits for enough idle workers, smaller ones get only those that cannot become
/// part of its group.
class Scheduler {
 public:
  struct Job {
    std::size_t trial = 0;  ///< the caller's number for it
    double cost = 0;
    int ranks = 1;    ///< workers that run it together
    int shrinks = 0;  ///< how often it may run again, smaller each time, after memory ran out
  };
  struct Assignment {
    int worker = 0;  ///< the first of `ranks`, which leads
    std::size_t trial = 0;
    std::vector<int> ranks = {};
  };

  /// What a worker's end means for its trial: nothing (a late word of a worker that was given up, or the leader has
  /// spoken), nothing until the others of its group have ended, its end, or that it waits again.
  enum class Verdict { ignored, partly, final, again };

  /// `retries`: how often a failed trial runs again, on a rank that it has not failed on as long as there is one.
  explicit Scheduler(std::vector<Job> const& jobs, std::int64_t retries = 0);

  /// Ranks 0 .. ranks - 1 will come, so a trial that needs several of them is worth waiting for. Worker w is a slot of
  /// rank w % ranks (every worker a rank of its own where this is not called); workers below `ranks` come first.
  void expect(int ranks);

  // Events.
  /// An idle worker asks for work. Unknown workers join this way; saying it twice changes nothing.
  void ready(int worker);
  /// The worker ended its (part of a) trial, in whatever state, and is idle but not yet ready. A leader that has
  /// committed or saved speaks for its group; else the first failure counts, when all of the group have ended.
  Verdict ended(int worker, std::size_t trial, State state);
  /// The worker will say nothing more. Its trial waits again, where others run it, too, when these have ended;
  /// `ignored`: it had none.
  Verdict lost(int worker);
  /// No further trial starts.
  void stop() { stopped_ = true; }
  /// Better costs of trials that wait.
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

  /// What may start now; each assignment is given out once.
  [[nodiscard]] std::vector<Assignment> assign();

  /// Nothing runs, and nothing will: all trials ended, or the scheduler was stopped.
  [[nodiscard]] bool finished() const { return running_.empty() && (waiting_.empty() || stopped_); }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  /// Of a trial that waits, the fewest workers that would do; 0 where none waits.
  [[nodiscard]] int fewest_ranks() const { return waiting_.empty() ? 0 : waiting_.rbegin()->ranks; }
  /// How often memory ran out on it.
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
    std::optional<State> leaders = {}, failure = {};
  };
  [[nodiscard]] int rank_of(int worker) const { return ranks_ > 0 ? worker % ranks_ : worker; }
  Verdict concluded(std::size_t trial, Team const& team);
  Verdict waits_again(std::size_t trial);
  [[nodiscard]] bool accepts(std::size_t trial, int worker) const;
  /// The first waiting trial that needs at most `ranks` workers.
  [[nodiscard]] Waiting::iterator first_of(int ranks) const;
  [[nodiscard]] std::vector<int> idle_group(int ranks) const;
  [[nodiscard]] int workers_below(int ranks) const;
  void start(Waiting::iterator job, std::vector<int> ranks, std::vector<Assignment>& assignments);

  std::map<std::size_t, Job> jobs_;
  Waiting waiting_;
  std::map<int, std::size_t> running_;  ///< worker -> trial
  std::map<std::size_t, Team> teams_;   ///< of trials whose end is open
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
