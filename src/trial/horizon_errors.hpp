#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "analysis/trial_file/horizon_errors.hpp"
#include "model/predictor.hpp"
#include "trial/bayes_error.hpp"
#include "trial/data.hpp"

namespace mambasynth::trial {

/// Errors by horizon on the validation and test windows, and what the Bayes errors are to be subtracted from.
struct MeasuredErrors {
  analysis::trial_file::HorizonErrors horizon;
  std::vector<std::vector<double>> test_by_window;  ///< (window, horizon); empty without test windows
};

/// Windows that a measurement processes at once; `micro_batch` of them at most, unless it is 0.
std::int64_t windows_at_once(std::int64_t length, std::int64_t micro_batch = 0);

/// Measures `network` in evaluation mode, fp32. Without windows, a column is NaN (validation) or empty (test).
MeasuredErrors measure_errors(model::Predictor const& network, train::DataSplits const& splits,
                              std::int64_t micro_batch = 0);

/// Adds the exact filter's errors on the same windows (bayes_error, with `cache`) and the differences. `log` receives a
/// note if they cannot be computed: the errors are worth keeping without them.
void add_bayes_errors(MeasuredErrors& errors, config::Trial const& trial, TrialData const& data,
                      std::filesystem::path const& cache, int threads,
                      std::function<void(std::string const&)> const& log);

/// Tells the user that `shared` of the validation windows are not unseen.
std::string warning_of_overlap(std::int64_t shared, train::DataSplits const& splits);

/// The errors as a table for a terminal, one row per horizon; columns without values are omitted.
std::string table_of(analysis::trial_file::HorizonErrors const& errors);

}  // namespace mambasynth::trial
