#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace mambasynth::analysis::trial_file {

/// Columns of equal length, one entry an epoch; NaN where an epoch was not measured.
struct TrialHistory {
  std::vector<std::int64_t> epoch;
  std::vector<double> train_mse, train_eval_mse, val_mse, test_mse, lr, gate_lr, seconds;
  std::vector<double> first_gradient_norm, last_gradient_norm;  ///< of the epoch's first and last batch, unclipped
  std::vector<std::int8_t> best;                                ///< 1 where the validation loss was the lowest so far
};

/// The losses and learning rates of a trial.h5; the other columns stay empty, and all of them where it has no history.
/// Errors: errors::input as of read_trial.
TrialHistory read_losses(std::filesystem::path const& file);

}  // namespace mambasynth::analysis::trial_file
