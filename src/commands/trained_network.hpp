#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "commands/flags.hpp"
#include "config/config.hpp"
#include "model/state_dict.hpp"
#include "train/checkpoint.hpp"
#include "trial/data.hpp"

namespace mambasynth::commands {

/// A checkpoint, and the configuration with which to use it.
struct TrainedNetwork {
  std::string checkpoint;  ///< its file
  model::LoadedNetwork loaded;
  std::optional<train::TrainingFacts> facts;  ///< what it records of its training; the original's checkpoints do not
  config::Trial trial;             ///< [data], [model] and [train] as trained, where the flags say nothing else
  std::set<std::string> given;     ///< keys of the command line
  std::vector<std::string> notes;  ///< where the series comes from and what contradicts; for the user
};

/// Reads a checkpoint and resolves the flags on top of what it records: the shape of the network, the split of the data
/// and the series (of the original's checkpoints, only what their `args` hold, and the split by which it trained).
/// Without --data and without keys of a series to be generated, the series is the one of the training: its file if it
/// is still there, else generated again. Errors: errors::input if a recording is not there anymore.
TrainedNetwork read_trained(TrialFlags const& flags, std::string const& checkpoint);

/// [data], [model] and [train] as read_trained() uses them; resolves only.
config::Trial as_trained(TrialFlags const& flags, std::string const& checkpoint);

/// Loads the series for the network, standardized as for its training, and logs all notes. `cuts` of it: training,
/// validation and test windows as in its training; if there are none, logs the reason. Errors: errors::usage if the
/// channels differ.
enum class Windows { none, if_possible, required };
trial::TrialData load_data(TrainedNetwork const& network, int threads, Windows windows);

}  // namespace mambasynth::commands
