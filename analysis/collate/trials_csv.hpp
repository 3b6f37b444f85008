#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// The axes that are columns of their own in trials.csv and tidy.csv: all but `trial`, which both have anyway.
std::vector<std::string> axes_of_columns(SweepFolder const& sweep);

/// trials.csv, atomically: one row a planned trial with `trial`, the axes, `seed`, `state`, every measure by its name,
/// then where the numbers come from: `reason` (of a failure), `folder`, `precision`, and the attributes of /provenance.
/// Undefined values are empty. Errors: errors::machine.
void write_trials_csv(SweepFolder const& sweep, std::filesystem::path const& file);

}  // namespace mambasynth::analysis::collate
