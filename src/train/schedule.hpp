#pragma once

#include <cstdint>

#include "config/config.hpp"
#include "train/learning_rates.hpp"

namespace mambasynth::train {

/// Learning rates per epoch: linear warm-up from 1 % of a group's peak, then a cosine down to a floor.
class Schedule {
 public:
  explicit Schedule(config::Train const& config);

  /// Every group's rate in `epoch` (from 1).
  [[nodiscard]] LearningRates at(std::int64_t epoch) const;
  /// Every group's rate at the end of the warm-up.
  [[nodiscard]] LearningRates peak() const;
  /// The rate in `epoch` of a group whose peak is train.lr * factor.
  [[nodiscard]] double lr(std::int64_t epoch, double factor) const;

 private:
  [[nodiscard]] LearningRates of_groups(double base_lr, double gate_lr) const;
  double lr_, gate_lr_factor_;
  bool freeze_A_;
  std::int64_t warmup_, epochs_;
  bool global_floor_;
};

}  // namespace mambasynth::train
