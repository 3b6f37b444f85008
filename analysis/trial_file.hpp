#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "analysis/controls.hpp"
#include "analysis/layer_measures.hpp"
#include "analysis/probe_scores.hpp"
#include "analysis/similarity.hpp"
#include "analysis/trial_summary.hpp"

namespace mambasynth::analysis {

/// Columns of equal length, one entry an epoch; NaN where an epoch was not measured.
struct TrialHistory {
  std::vector<std::int64_t> epoch;
  std::vector<double> train_mse, train_eval_mse, val_mse, test_mse, lr, gate_lr, seconds;
  std::vector<double> first_gradient_norm, last_gradient_norm;  ///< of the epoch's first and last batch, unclipped
  std::vector<std::int8_t> best;  ///< 1 where the validation loss was the lowest so far
};

/// (horizon); an empty column is absent from the file.
struct HorizonErrors {
  std::vector<std::int64_t> horizon;
  std::vector<double> val_mse, test_mse, bayes_mse, excess_mse, val_bayes_mse;
};

/// Everything that trial.h5 holds. What was not measured is NaN or empty and absent from the file.
struct TrialResult {
  TrialHistory history;
  double train_mse = std::numeric_limits<double>::quiet_NaN();  ///< of the best checkpoint, as are all below
  double val_mse = std::numeric_limits<double>::quiet_NaN();
  double test_mse = std::numeric_limits<double>::quiet_NaN();
  HorizonErrors horizon;
  LayerMeasures measures;
  Controls controls;
  std::vector<ProbeResult> probes;
  Similarity similarity;
  Provenance provenance;
};

/// Writes `file` (trial.h5) whole or not at all. Errors: errors::machine as of store::AtomicFile and Hdf5Writer;
/// std::invalid_argument where lengths do not fit together.
void write_trial(std::filesystem::path const& file, TrialResult const& trial);

}  // namespace mambasynth::analysis
