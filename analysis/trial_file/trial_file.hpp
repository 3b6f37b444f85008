#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "analysis/trial_file/evaluation.hpp"
#include "analysis/trial_file/test_blocks.hpp"
#include "analysis/trial_file/trial_history.hpp"
#include "analysis/trial_file/trial_summary.hpp"

namespace mambasynth::analysis::trial_file {

/// (horizon); an empty column is absent from the file.
struct HorizonErrors {
  std::vector<std::int64_t> horizon;
  std::vector<double> val_mse, test_mse, bayes_mse, excess_mse, val_bayes_mse;
  std::vector<double> test_mse_se = {}, bayes_mse_se = {}, excess_mse_se = {};  ///< over test_blocks, of this network
  TestBlocks test_blocks = {};
  std::vector<double> excess_mse_by_block = {};  ///< (horizon, block)
};

/// Everything that trial.h5 holds. What was not measured is NaN or empty and absent from the file.
struct TrialResult {
  TrialHistory history;
  double train_mse = std::numeric_limits<double>::quiet_NaN();  ///< of the best checkpoint, as are all below
  double val_mse = std::numeric_limits<double>::quiet_NaN();
  double test_mse = std::numeric_limits<double>::quiet_NaN();
  HorizonErrors horizon;
  Evaluation evaluation;
  Provenance provenance;
};

/// Writes `file` (trial.h5) atomically. Errors: errors::machine as in store::ResultFile;
/// std::invalid_argument if lengths do not match.
void write_trial(std::filesystem::path const& file, TrialResult const& trial);

}  // namespace mambasynth::analysis::trial_file
