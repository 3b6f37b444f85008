#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "model/network.hpp"
#include "random/mt19937.hpp"
#include "series/scaling.hpp"
#include "store/archive/pt.hpp"
#include "train/optimizer.hpp"
#include "train/progress.hpp"

/// The original's training checkpoint, which torch.load(weights_only=True) reads, and the state that
/// training continues from: the same file with one more key, `mambasynth`.
namespace mambasynth::train {

/// What other verbs need to know about a training: the entry `mambasynth` of a checkpoint, which the original ignores.
struct TrainingFacts {
  std::string configuration;    ///< TOML of the whole trial, data as generated or read; empty: unknown
  std::string data_sha256;      ///< of the series' float32 X
  bool data_generated = false;  ///< its [data] keys generate the series
  series::Scaling scaling;      ///< from the recording's units to the network's; empty: the same
};

/// Best model: epoch, model_state_dict, optimizer_state_dict, train_loss, val_loss, args, and `facts` if they are
/// known.
void save_checkpoint(std::filesystem::path const& file, config::Trial const& trial, model::Network const& network,
                     Optimizer const& optimizer, EpochRecord const& record, TrainingFacts const& facts = {});
/// Nothing for a checkpoint without them: the original's, or of an older version. Errors: errors::input if the entry is
/// damaged.
std::optional<TrainingFacts> facts_in(store::pt::Value const& checkpoint, std::string const& file);

/// Where a training continues: what has been done, and the stream of random draws as it stood when the epoch began.
struct ResumePoint {
  Progress progress;
  random::Mt19937 epoch_start;
};

/// `identity` names the configuration; load_resume refuses the file of another.
void save_resume(std::filesystem::path const& file, config::Trial const& trial, std::string const& identity,
                 model::Network const& network, Optimizer const& optimizer, ResumePoint const& point);
/// The configuration that a saved state belongs to; empty if the file names none.
std::string resume_identity(std::filesystem::path const& file);
/// Errors: errors::input (unreadable, or no such state), errors::usage (another configuration's).
ResumePoint load_resume(std::filesystem::path const& file, std::string const& identity, model::Network& network,
                        Optimizer& optimizer);

}  // namespace mambasynth::train
