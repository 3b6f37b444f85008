#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/lock.hpp"
#include "sweep/state.hpp"

/// A sweep folder as another process sees it, finished, interrupted or running: reads plan.csv, the ledger, the lock
/// and which trials have a trial.h5. Writes nothing.
namespace mambasynth::sweep {

struct RunningTrial {
  std::string id;
  std::vector<std::string> axis_values;
  std::string seed;
  int rank = -1;
  std::string host;
  std::int64_t epoch = 0, epochs = 0;
  double train_mse = 0, val_mse = 0;  ///< of the last noted epoch
  std::optional<double> seconds_left;
};

struct EndedTrial {
  std::string id;
  std::vector<std::string> axis_values;
  std::string seed;
  State state = State::failed;
  std::string reason;
};

struct Status {
  std::string name;
  std::vector<std::string> columns;
  std::size_t trials = 0;
  std::map<State, std::size_t> counts;  ///< every state; `missing`: no result, and not running
  std::vector<RunningTrial> running;
  std::vector<EndedTrial> troubled;  ///< diverged, failed, out of memory, timed out
  std::optional<Holder> holder;      ///< the launcher that runs the folder now
  int ranks = 0;                     ///< of the last launch
  int slots = 1;                     ///< trials that each runs at once
  double rank_hours = 0;  ///< that trials took, all tries that said how long; GPU-hours where a rank has a GPU
  std::optional<double> trials_per_hour;  ///< at the pace of those that finished, over the ranks of the last launch
  std::optional<double> seconds_left;
};

/// Errors: errors::input when the folder is no sweep's.
Status read_status(std::filesystem::path const& folder);
std::string to_text(Status const& status);
std::string to_json(Status const& status);

}  // namespace mambasynth::sweep
