#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

/// A column of /history.
struct HistoryColumn {
  std::string name;
  store::Meaning meaning;
  std::vector<double> values;  ///< (epoch); NaN if the epoch was not measured
};

/// /history of trial.h5. src/train/epoch_columns.hpp lists what training records of an epoch; here, columns are written
/// and read by name, whatever they hold.
struct TrialHistory {
  std::vector<std::int64_t> epoch;
  std::vector<HistoryColumn> columns;
  std::vector<std::int8_t> best;  ///< (epoch); 1 if the validation loss was the lowest so far

  /// The values of the column `name`. Errors: std::out_of_range if it is not among `columns`.
  [[nodiscard]] std::vector<double> const& operator[](std::string_view name) const;
};

/// The epochs of a trial.h5 and the columns `names`, NaN if the file lacks one; empty if it has no history. Errors:
/// errors::input, as in read_trial.
TrialHistory read_history(std::filesystem::path const& file, std::initializer_list<char const*> names);

}  // namespace mambasynth::analysis::trial_file
