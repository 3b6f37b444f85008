#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/ledger.hpp"
#include "sweep/state.hpp"

/// The ledger read as a whole: where each trial stands, how fast trials go, how long the rest takes. The manager and
/// `status` both look through this.
namespace mambasynth::sweep {

struct TrialView {
  enum class Phase { waiting, dispatched, running, ended };
  Phase phase = Phase::waiting;
  State state = State::missing;  ///< of the last try, when it ended
  std::string reason;
  int rank = -1;     ///< that leads it
  double ranks = 1;  ///< that run it; a part of one where it runs several trials at once
  int tries = 0;     ///< how often it started
  std::string host;
  std::int64_t epoch = 0, epochs = 0;
  double train_mse = 0, val_mse = 0;
  double started = 0;      ///< time of the current try
  double marked = 0;       ///< time of the last epoch mark
  std::int64_t first = 0;  ///< epochs done when the current try began (a resumed trial), known from its first mark
  double seconds = 0;      ///< of one rank: all tries that told how long they took, times their ranks

  /// Seconds from `marked` to the end at the pace of this try; nothing before the first epoch.
  [[nodiscard]] std::optional<double> seconds_left() const;
};

class Progress {
 public:
  /// `costs`: the plan's trials; events of others are passed over.
  explicit Progress(std::map<std::string, double> costs);
  void apply(Event const& event);
  /// A result that stands on disk, whatever the ledger says.
  void committed(std::string const& trial, State state);

  [[nodiscard]] std::map<std::string, TrialView> const& trials() const { return trials_; }
  [[nodiscard]] TrialView const& at(std::string const& trial) const { return trials_.at(trial); }
  [[nodiscard]] std::size_t count(State state) const;  ///< ended so; `missing`: neither ended nor running
  [[nodiscard]] std::size_t running() const;
  /// Seconds of one rank per unit of cost, from finished trials, else from running ones; 0 while nothing is known.
  [[nodiscard]] double seconds_per_cost() const;
  /// How much of the cost is behind us, from 0 to 1, running trials by their epochs.
  [[nodiscard]] double share() const;
  /// For what is not committed yet, on `ranks` ranks; nothing while no pace is known.
  [[nodiscard]] std::optional<double> seconds_left(int ranks) const;

 private:
  std::map<std::string, double> costs_;
  std::map<std::string, TrialView> trials_;
  int slots_ = 1;  ///< of a rank, in the last launch
};

/// "3 of 20 done, 2 running, 1 failed, about 12 min left"
std::string summary(Progress const& progress, int ranks);

}  // namespace mambasynth::sweep
