#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "errors/stop.hpp"
#include "model/network.hpp"
#include "train/across_ranks.hpp"
#include "train/batch_order.hpp"
#include "train/checkpoint.hpp"
#include "train/learner.hpp"
#include "train/optimizer.hpp"
#include "train/progress.hpp"
#include "train/schedule.hpp"
#include "train/windows.hpp"

namespace mambasynth::train {

/// How a training ended.
enum class Ending { finished, diverged, stopped };

/// Where a training's files go, its callbacks, and what it runs on.
struct TrainerOptions {
  std::filesystem::path folder;            ///< checkpoint.pt, resume.pt, log.csv
  std::filesystem::path extra_checkpoint;  ///< a second place for the best model; empty: none
  std::string identity;                    ///< of the configuration: resume.pt must have the same
  std::function<void(EpochRecord const&)> epoch_done;
  std::function<bool()> stop_requested;
  LearnerFactory learner = host_learner;  ///< the device
  /// The ranks that train together, each with a Trainer like this; only the root writes files and is asked to stop.
  std::shared_ptr<parallel::Group> group = std::make_shared<parallel::Group>();
  std::int64_t micro_batch = 0;                       ///< as in LearnerContext
  std::function<void(std::string const&)> warn = {};  ///< a line for the user
  TrainingFacts facts = {};                           ///< for the checkpoints
  bool own_folder = false;  ///< named for this trial: another trial's resume.pt in it is damage, not the user's mistake
};

/// Trains one network: windows in the original's order, loss, AdamW, schedule, best checkpoint, and the state to
/// continue from, saved every `train.resume_every` seconds and on request.
class Trainer {
 public:
  /// Continues from folder/resume.pt if it exists. If it is damaged, sets it aside and starts over.
  Trainer(config::Trial const& trial, DataSplits const& splits, TrainerOptions options);

  /// Until the last epoch, a loss that is not finite, or a stop request (which leaves resume.pt).
  Ending run();

  [[nodiscard]] Progress const& progress() const { return point_.progress; }
  /// Why the training diverged; empty otherwise.
  [[nodiscard]] std::string const& reason() const { return reason_; }
  [[nodiscard]] model::Network& network() { return network_; }
  /// Frees the device's memory once training has ended.
  void release_learner() { learner_.reset(); }

 private:
  /// A fresh start, or the root's folder/resume.pt.
  ResumePoint starting_point();
  ResumePoint own_starting_point();
  std::optional<ResumePoint> saved_point();
  /// Adds the reports of the steps so far to the progress. False if one is not finite; reason_ then gives the reason.
  bool collect();
  /// False when a stop was requested during the measurements: the epoch's steps are saved then.
  bool finish_epoch();
  void measure(EpochRecord& record);
  void count_time();
  void save_state();
  /// Writes checkpoint.pt if a better model has been found since the last time.
  void save_best();
  [[nodiscard]] bool state_is_due() const;
  /// The root's request before the next step.
  [[nodiscard]] Request request();
  [[nodiscard]] std::int64_t batches() const;

  config::Trial trial_;
  DataSplits const& splits_;
  TrainerOptions options_;
  Schedule schedule_;
  model::Network network_;
  Optimizer optimizer_;
  ResumePoint point_;
  BatchOrder order_;
  std::unique_ptr<Learner> learner_;
  std::int64_t collected_ = 0;  ///< batches of the epoch whose reports have been collected
  EpochRecord best_;            ///< of the learner's snapshot
  bool best_is_saved_ = true;
  std::string reason_;
  double last_save_ = 0, leg_start_ = 0;
};

}  // namespace mambasynth::train
