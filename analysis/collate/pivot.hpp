#pragma once

#include <string>
#include <vector>

#include "analysis/collate/table.hpp"
#include "analysis/document/table.hpp"

namespace mambasynth::analysis::collate {

/// What --rows and --cols arrange: axes, and the parts of measures' names (where.hpp).
struct Arrangement {
  std::vector<std::string> rows, cols;
};

/// The measures of all cells with one row for each combination of the rows' values and one column for each of the
/// columns'. An axis with several values that neither names becomes a row, and such a part of the measures' names a
/// column, so nothing is averaged or hidden. Values keep the order of cells and measures. Errors: errors::usage for an
/// unknown name and for one in both.
document::Table pivot(Table const& table, std::vector<std::string> const& measures, Arrangement const& arrangement,
                      document::Shows const& shows);

}  // namespace mambasynth::analysis::collate
