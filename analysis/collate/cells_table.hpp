#pragma once

#include <string>
#include <vector>

#include "analysis/collate/differences.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/document/table.hpp"

namespace mambasynth::analysis::collate {

/// One row for each cell: axes, done trials (of those planned, if some are not done, with their states), and the usual
/// measures or those requested, as means with their intervals; the best cells are marked. Without a request, the
/// difference to the baseline follows, and the columns may be left out to fit a terminal (fit_cells).
document::Table cells_table(Table const& table, Differences const& differences, std::vector<std::string> const& asked,
                            document::Shows const& shows);

/// Makes the table fit a terminal; a note says what was left out or shortened.
void fit_cells(document::Table& shown, Table const& table);

/// The same for the table of differences.
void fit_differences(document::Table& shown, Table const& table);

/// Measure, difference, p: what every cell has more than its baseline. Without rows if no baseline is named.
document::Table differences_table(Table const& table, Differences const& differences);

}  // namespace mambasynth::analysis::collate
