#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace mambasynth::train {

inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// One epoch as log.csv and /history show it; a loss that was not measured is NaN.
struct EpochRecord {
  std::int64_t epoch = 0;
  double train_mse = not_measured;  ///< dropout on, parameters changing
  double train_eval_mse = not_measured;
  double val_mse = not_measured;
  double test_mse = not_measured;
  double lr = 0, gate_lr = 0;
  double first_gradient_norm = not_measured, last_gradient_norm = not_measured;  ///< before clipping
  double seconds = 0;
  bool best = false;
};

/// Progress of a training between two optimizer steps. Together with the weights, the moments and the random generator,
/// it suffices to continue bit for bit.
struct Progress {
  std::int64_t epoch = 1;  ///< being trained
  std::int64_t batch = 0;  ///< next batch of the epoch
  double loss_sum = 0;     ///< of the epoch's batches so far
  double first_gradient_norm = not_measured, last_gradient_norm = not_measured;
  double seconds = 0;        ///< spent on the epoch so far
  double total_seconds = 0;  ///< on the epochs before
  double best_val = std::numeric_limits<double>::infinity();
  std::int64_t best_epoch = 0;       ///< 0: none yet
  double first_loss = not_measured;  ///< of the first batch
  std::vector<EpochRecord> history;
};

}  // namespace mambasynth::train
