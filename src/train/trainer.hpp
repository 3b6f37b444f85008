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
#include "train/batch_order.hpp"
#include "train/checkpoint.hpp"
#include "train/learner.hpp"
#include "train/optimizer.hpp"
#include "train/progress.hpp"
#include "train/schedule.hpp"
#include "train/together.hpp"
#include "train/windows.hpp"

namespace mambasynth::train {

/// How a training ended.
enum class Ending { finished, diverged, stopped };

/// What surrounds a training: where its files go and who is told.
struct Surroundings {
  std::filesystem::path folder;            ///< checkpoint.pt, resume.pt, log.csv
  std::filesystem::path extra_checkpoint;  ///< a second place for the best model; empty: none
  std::string identity;                    ///< of the configuration, guards resume.pt
  std::function<void(EpochRecord const&)> epoch_done;
  std::function<bool()> stop_requested;
  LearnerFactory learner = host_learner;  ///< the device
  /// The ranks that train together, each with a Trainer like this; only the leader writes files and is asked to stop.
  std::shared_ptr<parallel::Group> group = std::make_shared<parallel::Group>();
  std::int64_t micro_batch = 0;                       ///< as in Lesson
  std::function<void(std::string const&)> warn = {};  ///< a line for the user
  bool own_folder = false;  ///< nobody chose it for another trial: a resume.pt of one is no mistake of the user's
};

/// Trains one network: windows in the original's order, loss, AdamW, schedule, best checkpoint, and the state to
/// continue from after every `train.resume_every` seconds and on request.
class Trainer {
 public:
  /// Continues from folder/resume.pt where it exists. One that is damaged is set aside, and the training starts anew.
  Trainer(config::Trial const& trial, Material const& material, Surroundings surroundings);

  /// Until the last epoch, a loss that is no number, or a stop request (then resume.pt stands).
  Ending run();

  [[nodiscard]] Progress const& progress() const { return point_.progress; }
  /// Why the training diverged; empty otherwise.
  [[nodiscard]] std::string const& reason() const { return reason_; }
  [[nodiscard]] model::Network& network() { return network_; }
  /// Gives the device's memory back once training has ended.
  void release_learner() { learner_.reset(); }

 private:
  /// A fresh start, or the leader's folder/resume.pt.
  ResumePoint starting_point();
  ResumePoint own_starting_point();
  std::optional<ResumePoint> saved_point();
  /// Takes over what the steps so far report. False when one was no number; reason_ then says so.
  bool collect();
  /// False when a stop was requested while it measured: the epoch's steps are saved then.
  bool finish_epoch();
  void measure(EpochRecord& record);
  void count_time();
  void save_state();
  /// checkpoint.pt, where a better model has been found since it was written.
  void save_best();
  [[nodiscard]] bool state_is_due() const;
  /// Asked between two steps, and what the leader wants.
  [[nodiscard]] Wish wish();
  [[nodiscard]] std::int64_t batches() const;

  config::Trial trial_;
  Material const& material_;
  Surroundings around_;
  Schedule schedule_;
  model::Network network_;
  Optimizer optimizer_;
  ResumePoint point_;
  BatchOrder order_;
  std::unique_ptr<Learner> learner_;
  std::int64_t collected_ = 0;  ///< batches of the epoch whose reports have come
  EpochRecord best_;            ///< what `remember` was called for
  bool best_is_saved_ = true;
  std::string reason_;
  double last_save_ = 0, leg_start_ = 0;
};

}  // namespace mambasynth::train
