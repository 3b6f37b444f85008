#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace mambasynth::train {

/// Learning rate per epoch: linear warm-up from 1 % of a group's own rate, then a cosine down to a floor.
class Schedule {
 public:
  explicit Schedule(config::Train const& config);

  /// Rate of the group whose peak is lr * factor, in `epoch` (from 1).
  [[nodiscard]] double rate(std::int64_t epoch, double factor) const;

 private:
  double lr_;
  std::int64_t warmup_, epochs_;
  bool global_floor_;
};

}  // namespace mambasynth::train
