#pragma once

#include <string>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// One row a cell: axes, done trials, others where there are any, and measures as mean +- half the 95 % confidence
/// interval. Without `asked` the usual measures, as many of them as `most_columns` hold, and below the table what was
/// left out or shortened for that. Errors: errors::usage for a measure that no trial has.
std::string cells_table(Table const& table, std::vector<std::string> const& asked);

}  // namespace mambasynth::analysis::collate
