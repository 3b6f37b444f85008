#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "analysis/trial_file/evaluation.hpp"
#include "analysis/trial_file/horizon_errors.hpp"
#include "analysis/trial_file/trial_history.hpp"
#include "analysis/trial_file/trial_summary.hpp"

namespace mambasynth::analysis::trial_file {

/// Everything that trial.h5 holds. What was not measured is NaN or empty and absent from the file.
struct TrialResult {
  TrialHistory history;
  double train_mse = std::numeric_limits<double>::quiet_NaN();  ///< of the best checkpoint, as are all below
  double val_mse = std::numeric_limits<double>::quiet_NaN();
  double test_mse = std::numeric_limits<double>::quiet_NaN();
  HorizonErrors horizon;
  /// Of a recording that was standardized, (channel): z = (x - mean) / std is what the errors are of; else empty.
  std::vector<double> channel_mean = {}, channel_std = {};
  Evaluation evaluation;
  Provenance provenance;
};

/// Writes `file` (trial.h5) atomically. Errors: errors::machine as in store::ResultFile;
/// std::invalid_argument if lengths do not match.
void write_trial(std::filesystem::path const& file, TrialResult const& trial);

}  // namespace mambasynth::analysis::trial_file
