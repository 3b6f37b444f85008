#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::collate {

/// The axes that are columns of their own in trials.csv and tidy.csv: all but `trial`, which both have anyway.
std::vector<std::string> axes_of_columns(SweepFolder const& sweep);
/// Empty if its sweep lacks the axis.
std::string axis_value(CollatedTrial const& trial, std::string const& axis);
/// The first columns of both: `trial`, these axes, `seed`, `state`.
store::csv::Record identity_columns(std::vector<std::string> const& axes);
store::csv::Record identity_of(CollatedTrial const& trial, std::vector<std::string> const& axes);

/// trials.csv, atomically: one row a planned trial with `trial`, the axes, `seed`, `state`, every measure by its name,
/// then where the numbers come from: `reason` (of a failure), `folder`, `precision`, and the attributes of /provenance.
/// Undefined values are empty. Errors: errors::machine.
void write_trials_csv(SweepFolder const& sweep, std::filesystem::path const& file);

}  // namespace mambasynth::analysis::collate
