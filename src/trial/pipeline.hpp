#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "train/trainer.hpp"
#include "trial/data.hpp"

/// One trial from its configuration to its committed result.
namespace mambasynth::trial {

inline constexpr char const* result_name = "trial.h5";
inline constexpr char const* activations_name = "activations.h5";

struct Job {
  config::Trial trial;                     ///< precision resolved
  std::string id;                          ///< 12 hexadecimal digits
  std::filesystem::path folder;            ///< all files go here; exists
  std::filesystem::path extra_checkpoint;  ///< a second place for the best model; empty: none
  std::string device = "cpu";
  int threads = 1;
  std::filesystem::path optimum_cache =
      {};  ///< where trials of the same data and windows find the oracle's figures; empty: nowhere
  /// The ranks that train it together, each calling run(); the leader alone measures and writes. Alone by default.
  std::shared_ptr<parallel::Group> group = std::make_shared<parallel::Group>();
  std::int64_t micro_batch = 0;  ///< windows at once where a batch does not fit into memory; 0: a whole batch
  std::function<void(train::EpochRecord const&)> epoch_done;
  std::function<bool()> stop_requested;
  std::function<void(std::string const&)> log;        ///< stages and warnings, a line each
  std::function<void(std::string const&)> warn = {};  ///< what the user has to hear in a sweep, too; absent: `log`
  bool own_folder = false;                            ///< of this trial alone: in a sweep
};

/// `done` and `diverged` leave a trial.h5; `stopped` leaves a resume.pt.
struct Outcome {
  train::Ending ending = train::Ending::finished;
  std::string reason;
};

/// Train (or go on from resume.pt), measure the best checkpoint, commit trial.h5, remove resume.pt.
/// Errors: std::bad_alloc where this rank or another of the group has no memory left; what training and measuring
/// throw.
Outcome run(Job const& job, TrialData const& data);

}  // namespace mambasynth::trial
