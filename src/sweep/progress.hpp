#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/ledger.hpp"
#include "sweep/state.hpp"

/// The state of a sweep derived from its ledger: the phase of each trial, the speed of trials, the time left. Used by
/// the manager and by `status`.
namespace mambasynth::sweep {

struct TrialView {
  enum class Phase { waiting, dispatched, running, ended };
  Phase phase = Phase::waiting;
  State state = State::missing;  ///< of the last try, once it has ended
  std::string reason;
  bool measuring = false;  ///< while running: its training has ended
  int rank = -1;           ///< root of the ranks that run it
  double ranks = 1;        ///< that run it; a fraction if one rank runs several trials concurrently
  int tries = 0;           ///< number of times it was started
  std::string host;
  std::int64_t epoch = 0, epochs = 0;
  double train_mse = 0, val_mse = 0;
  double started = 0;      ///< time of the current try
  double marked = 0;       ///< time of the last epoch mark
  std::int64_t first = 0;  ///< epochs already done when the current try began (a resumed trial), from its first mark
  double seconds = 0;      ///< rank-seconds: summed over all tries that reported their time

  /// Seconds from `marked` to the end at the speed of this try; nothing before the first epoch.
  [[nodiscard]] std::optional<double> seconds_left() const;
};

class Progress {
 public:
  /// `costs`: by trial of the plan; events of other trials are ignored.
  explicit Progress(std::map<std::string, double> costs);
  void apply(Event const& event);
  /// Records a result found on disk, whatever the ledger says.
  void committed(std::string const& trial, State state);

  [[nodiscard]] std::map<std::string, TrialView> const& trials() const { return trials_; }
  [[nodiscard]] TrialView const& at(std::string const& trial) const { return trials_.at(trial); }
  [[nodiscard]] std::size_t count(
      State state) const;  ///< trials that ended in `state`; `missing`: neither ended nor running
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] std::size_t measuring() const;  ///< of those that are running
  /// Rank-seconds per unit of cost, from finished trials, else from running ones; 0 while unknown.
  [[nodiscard]] double seconds_per_cost() const;
  /// The completed fraction of the cost, from 0 to 1; running trials count by their epochs.
  [[nodiscard]] double share() const;
  /// Estimated seconds until all trials are committed on `ranks` ranks; nothing while the speed is unknown.
  [[nodiscard]] std::optional<double> seconds_left(int ranks) const;

 private:
  std::map<std::string, double> costs_;
  std::map<std::string, TrialView> trials_;
  int slots_ = 1;  ///< per rank, in the last launch
};

/// "3 of 20 done, 2 running (1 measuring), 1 failed, about 12 min left"
std::string summary(Progress const& progress, int ranks);

}  // namespace mambasynth::sweep
