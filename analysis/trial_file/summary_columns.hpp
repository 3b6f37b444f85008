#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace mambasynth::store {
class Hdf5Reader;
}

namespace mambasynth::analysis::trial_file {

/// Consecutive measures that one data set of a trial.h5 holds.
struct SummaryColumn {
  std::string path;       ///< empty: undefined (NaN), as a loss that is not written because it is not a number
  std::size_t count = 0;  ///< its values
  bool may_lack = false;  ///< NaN means that the trial lacks the measure
};

/// Which measures a trial.h5 has and where: what follows from its structure, not from its values.
struct SummaryColumns {
  std::vector<SummaryColumn> columns;
  std::vector<std::string> names;  ///< of all values of the columns, in order
};

/// Errors: errors::input as in read_trial.
SummaryColumns summary_columns(store::Hdf5Reader const& h5);

}  // namespace mambasynth::analysis::trial_file
