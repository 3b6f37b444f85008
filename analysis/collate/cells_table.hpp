#pragma once

#include <string>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// One row for each cell: axes, done trials, other trials if there are any, and measures as mean +- half the 95 %
/// confidence interval. Without `asked`, the usual measures, as many as fit into `most_columns`; a note below the table
/// says what was left out or shortened. Errors: errors::usage for a measure that no trial has.
std::string cells_table(Table const& table, std::vector<std::string> const& asked);

}  // namespace mambasynth::analysis::collate
