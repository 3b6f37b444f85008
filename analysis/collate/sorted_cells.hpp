#pragma once

#include <string>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// Orders the cells by an axis or by the mean of a measure; "-NAME": descending. Numbers as numbers; cells without a
/// value come last. Errors: errors::usage for an unknown name.
void sort_cells(Table& table, std::string const& by);

}  // namespace mambasynth::analysis::collate
