#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

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
  std::filesystem::path bayes_error_cache =
      {};  ///< where trials of the same data and windows share the oracle's errors; empty: nowhere
  /// The ranks that train it together, each of which calls run(); only the root measures and writes. By default only
  /// this rank.
  std::shared_ptr<parallel::Group> group = std::make_shared<parallel::Group>();
  std::int64_t micro_batch = 0;  ///< windows per micro-batch if a batch does not fit in memory; 0: the whole batch
  std::function<void(train::EpochRecord const&)> epoch_done;
  std::function<void()> measuring = {};  ///< called on the root once training has ended
  std::function<bool()> stop_requested;
  std::function<void(std::string const&)> log;  ///< receives stages and warnings, one line each
  std::function<void(std::string const&)> warn =
      {};                   ///< receives what the user must see even in a sweep; absent: `log`
  bool own_folder = false;  ///< the folder belongs to this trial alone, as in a sweep
};

/// The names of the stages (progress/count.hpp) of run(), in order.
std::vector<std::string> stages(config::Trial const& trial);

/// `done` and `diverged` leave a trial.h5; `stopped` leaves a resume.pt.
struct Outcome {
  train::Ending ending = train::Ending::finished;
  std::string reason;
};

/// Trains (or continues from resume.pt), measures the best checkpoint, commits trial.h5 and removes resume.pt.
/// Errors: std::bad_alloc if this or another rank of the group ran out of memory; whatever training and measuring
/// throw.
Outcome run(Job const& job, TrialData const& data);

}  // namespace mambasynth::trial
