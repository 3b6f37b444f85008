#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "sweep/cost_model.hpp"
#include "sweep/ledger.hpp"
#include "sweep/plan.hpp"
#include "sweep/progress.hpp"
#include "sweep/rank_watch.hpp"
#include "sweep/scheduler.hpp"
#include "sweep/transport.hpp"

namespace mambasynth::sweep {

/// What the manager needs besides plan, hub and ledger.
struct ManagerSettings {
  std::filesystem::path folder;                       ///< DIR
  std::map<std::string, std::filesystem::path> data;  ///< data hash -> what the trials read
  int threads = 1;                                    ///< per trial
  int slots = 1;                                      ///< trials that rank 0 runs concurrently; other ranks may differ
  std::function<int()> signal;                        ///< the stop signal received by this rank, or 0
  std::function<bool()> lock_lost;
  std::int64_t retries = 0;  ///< this and the next three: as in SweepKeys
  double rank_timeout = 120;
  double trial_timeout = 0;
  double walltime_margin = 120;
  CostModel costs = {};  ///< learned by earlier launches
  std::function<std::optional<double>()> time_left = [] {
    return std::nullopt;
  };  ///< seconds until the job ends, if it has a limit
  std::function<void(std::string const&)> log;                          ///< prints a line for the user
  std::function<void(double share, std::string const&)> show_progress;  ///< the fraction done, and a text
  double progress_interval = 10;                                        ///< seconds between updates of the progress
};

/// Dispatches trials to workers and records their reports. The only writer of the ledger. A rank has one worker per
/// slot: worker w is slot w / ranks of rank w % ranks, so that every rank gets a trial before any rank gets two. If
/// Plan::needs_whole_ranks, only the first slot of each rank is used.
class Manager {
 public:
  /// `committed`: trials that already have their result.
  Manager(Plan const& plan, std::map<std::string, State> const& committed, ManagerHub& hub, Ledger& ledger,
          ManagerSettings settings);

  /// Runs until every trial has ended, or the running ones have saved after a stop; then tells all workers to quit and
  /// returns the exit code. Its own errors (an unwritable ledger, a lost lock) first stop all trials, then propagate.
  int run();
  /// Ranks that count as lost.
  [[nodiscard]] std::set<int> const& lost() const { return ranks_.lost(); }
  /// Whether one of them may still be running without responding: only the launcher can end such a rank.
  [[nodiscard]] bool lost_may_live() const { return ranks_.lost_may_live(); }

 private:
  bool step();  ///< false: there was nothing to do
  void handle(int worker, Report const& report);
  void handle_end(int worker, Report const& report);
  void conclude(int worker, Report const& report, Scheduler::Verdict verdict);
  void learn(std::size_t trial, double seconds);
  [[nodiscard]] bool is_root(int worker, std::size_t trial) const;
  void stop(std::string const& why);
  void stop_if_none_can_start();
  void watch_walltime();
  void watch_workers();
  void lose(int rank, std::string const& why);
  void send(int rank, Order const& order);
  [[nodiscard]] int rank_of(int worker) const { return worker % hub_.ranks(); }
  void fail(std::exception_ptr error);
  void dispatch();
  void record(Event event);
  void show_progress();
  [[nodiscard]] int exit_code() const;
  void quit(int code);
  [[nodiscard]] bool may_start() const;

  Plan const& plan_;
  ManagerHub& hub_;
  Ledger& ledger_;
  ManagerSettings settings_;
  Progress progress_;
  Scheduler scheduler_;
  RankWatch ranks_;
  bool whole_ranks_;                              ///< Plan::needs_whole_ranks
  int slots_ = 1;                                 ///< the largest number seen on any rank
  std::map<std::size_t, Report> first_failures_;  ///< of trials run by several ranks, until all of them have ended
  std::map<std::size_t, int> roots_;              ///< root worker of each dispatched trial
  std::int64_t groups_ = 0;                       ///< number of groups created so far
  std::exception_ptr error_;
  bool machine_failure_ = false;
  std::chrono::steady_clock::time_point progress_shown_at_;
};

}  // namespace mambasynth::sweep
