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

#include "store/process.hpp"
#include "sweep/cost_model.hpp"
#include "sweep/ledger.hpp"
#include "sweep/plan.hpp"
#include "sweep/progress.hpp"
#include "sweep/scheduler.hpp"
#include "sweep/transport.hpp"

namespace mambasynth::sweep {

/// What the manager needs beside plan, hub and ledger.
struct ManagerSettings {
  std::filesystem::path folder;                       ///< DIR
  std::map<std::string, std::filesystem::path> data;  ///< data hash -> what the trials read
  int threads = 1;                                    ///< a trial's
  int slots = 1;                                      ///< trials that a rank runs at once, as far as this one knows
  std::function<int()> signal;                        ///< the stop signal that this rank got, or 0
  std::function<bool()> lock_lost;
  std::int64_t retries = 0;  ///< these four as in SweepKeys
  double rank_timeout = 120;
  double trial_timeout = 0;
  double walltime_margin = 120;
  CostModel costs = {};  ///< what earlier launches have learned
  std::function<std::optional<double>()> time_left = [] {
    return std::nullopt;
  };  ///< seconds until the job's end, where it has one
  std::function<void(std::string const&)> tell;                         ///< a line for the user
  std::function<void(double share, std::string const&)> tell_progress;  ///< how far, and in words
  double tell_every = 10;                                               ///< seconds between lines of progress
};

/// Hands trials to workers and writes down what they say. Sole writer of the ledger. A rank is a worker, or several:
/// its slots. Worker w is slot w / ranks of rank w % ranks, so that every rank gets a trial before any gets two. Where
/// Plan::needs_whole_ranks says so, slots beside the first stay idle.
class Manager {
 public:
  /// `committed`: trials that have their result already.
  Manager(Plan const& plan, std::map<std::string, State> const& committed, ManagerHub& hub, Ledger& ledger,
          ManagerSettings settings);

  /// Until every trial ended or the running ones saved after a stop; tells all workers to quit and returns the exit
  /// code. Errors of its own (a ledger that cannot be written, a lock that was lost) first stop all trials, then fly.
  int run();
  /// Ranks that were given up.
  [[nodiscard]] std::set<int> const& lost() const { return lost_; }
  /// Whether one of them may still run, only silent: then nobody but the launcher can end it.
  [[nodiscard]] bool lost_may_live() const;

 private:
  bool step();  ///< false: nothing was to be done
  void handle(int worker, Report const& report);
  void handle_end(int worker, Report const& report);
  void conclude(int worker, Report const& report, Scheduler::Verdict verdict);
  void learn(std::size_t trial, double seconds);
  [[nodiscard]] bool leads(int worker, std::size_t trial) const;
  void stop(std::string const& why);
  void stop_where_none_can_start();
  void watch_walltime();
  void watch_workers();
  void lose(int rank, std::string const& why);
  void send(int rank, Order const& order);
  [[nodiscard]] int rank_of(int worker) const { return worker % hub_.ranks(); }
  void fail(std::exception_ptr error);
  void dispatch();
  void note(Event event);
  void tell_progress();
  [[nodiscard]] int exit_code() const;
  void quit(int code);
  [[nodiscard]] bool may_start() const;

  Plan const& plan_;
  ManagerHub& hub_;
  Ledger& ledger_;
  ManagerSettings settings_;
  Progress progress_;
  Scheduler scheduler_;
  std::map<int, std::chrono::steady_clock::time_point> heard_;  ///< of each other rank
  bool whole_ranks_;                                            ///< Plan::needs_whole_ranks
  int slots_ = 1;                                               ///< the most that a rank has shown
  std::map<std::size_t, Report> first_failures_;  ///< of trials that several ranks run, until all have ended
  std::map<std::size_t, int> leaders_;            ///< of trials that were handed out
  std::int64_t groups_ = 0;                       ///< numbers them
  std::map<int, store::Process> processes_;       ///< of ranks that started a trial
  std::chrono::steady_clock::time_point watched_at_{};
  std::set<int> lost_, slow_;  ///< ranks; slow: lost, but heard again
  std::exception_ptr error_;
  bool machine_failure_ = false;
  std::chrono::steady_clock::time_point told_at_;
};

}  // namespace mambasynth::sweep
