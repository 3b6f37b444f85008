#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// Columns of tidy.csv and tidy.h5 after `trial`, the axes, `seed`, `state`. `measure`: Measure::base.
inline constexpr std::array tidy_columns{"measure", "layer",     "horizon", "k",       "target", "value",
                                         "unit",    "estimator", "n1",      "control", "better", "name"};

/// tidy.csv, atomically and in constant memory: one row a result and measure, in the order of the plan and of trial.h5.
/// What does not apply and undefined values are empty. Errors: errors::machine.
void write_tidy_csv(SweepFolder const& sweep, std::filesystem::path const& file);

/// The same as tidy.h5: the group /tidy with a data set for each column, over the scale /row. Numbers that do not apply
/// are NaN. An axis is a column of numbers if all of its values are. Errors: errors::machine.
void write_tidy_hdf5(SweepFolder const& sweep, std::filesystem::path const& file);

}  // namespace mambasynth::analysis::collate
