#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/lock.hpp"
#include "sweep/state.hpp"

/// The state of a finished, interrupted or running sweep as another process sees it: reads plan.csv, the ledger, the
/// lock, and which trials have a trial.h5. Read-only.
namespace mambasynth::sweep {

struct RunningTrial {
  std::string id;
  std::vector<std::string> axis_values;
  std::string seed;
  int rank = -1;
  std::string host;
  std::int64_t epoch = 0, epochs = 0;
  double train_mse = 0, val_mse = 0;   ///< of the last recorded epoch
  std::optional<double> seconds_left;  ///< of the training
  bool measuring = false;              ///< its training has ended
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
  std::map<State, std::size_t> counts;  ///< for every state; `missing`: no result and not running
  std::vector<RunningTrial> running;
  std::vector<EndedTrial> troubled;       ///< diverged, failed, out of memory, timed out
  std::optional<Holder> holder;           ///< the launcher that currently runs the folder
  int ranks = 0;                          ///< of the last launch
  std::string command, directory;         ///< of the last launch: what was typed, and where; empty if not recorded
  int slots = 1;                          ///< trials that each rank runs concurrently
  double rank_hours = 0;                  ///< over all tries that reported their time; GPU-hours if each rank has a GPU
  std::optional<double> trials_per_hour;  ///< at the speed of finished trials, over the ranks of the last launch
  std::optional<double> seconds_left;
};

/// Errors: errors::input if the folder is not a sweep folder.
Status read_status(std::filesystem::path const& folder);
std::string to_text(Status const& status);
std::string to_json(Status const& status);

}  // namespace mambasynth::sweep
