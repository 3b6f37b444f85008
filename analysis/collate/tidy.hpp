#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"
#include "analysis/collate/value_texts.hpp"
#include "store/atomic_file.hpp"
#include "store/output_file.hpp"

namespace mambasynth::analysis::collate {

/// Columns of tidy.csv and tidy.h5 after `trial`, the axes, `seed`, `state`. `measure`: Measure::base.
inline constexpr std::array tidy_columns{"measure", "layer",     "horizon", "k",       "target", "value",
                                         "unit",    "estimator", "n1",      "control", "better", "name"};

/// tidy.csv, atomically and in constant memory: one row a result and measure, in the order of the plan and of trial.h5.
/// What does not apply and undefined values are empty. Errors: errors::machine.
class TidyCsv {
 public:
  TidyCsv(SweepFolder const& sweep, std::filesystem::path const& file);
  /// The next trial of the sweep.
  void add(CollatedTrial const& trial, ValueTexts const& values);
  void commit();

 private:
  /// A row's fields before and after the value.
  struct FixedFields {
    std::string before, after;
  };
  static std::vector<FixedFields> fixed_fields(trial_file::MeasureNames const& names);

  store::AtomicFile target_;
  store::OutputFile out_;
  std::vector<std::string> axes_;
  std::unordered_map<trial_file::MeasureNames const*, std::vector<FixedFields>> known_;
  std::string rows_;
};

/// The same as tidy.h5: the group /tidy with a data set for each column, over the scale /row. Numbers that do not apply
/// are NaN. An axis is a column of numbers if all of its values are. Errors: errors::machine.
void write_tidy_hdf5(SweepFolder const& sweep, std::filesystem::path const& file);

}  // namespace mambasynth::analysis::collate
