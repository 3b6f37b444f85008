#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/collate/shown_measures.hpp"
#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// A measure with a value of each seed in each cell: the mean over its done trials, finite values only.
struct ComparedMeasure {
  std::string name;
  std::vector<std::map<std::string, double>> of_cell;  ///< (cell): seed -> value
};

/// The measures that the table shows, by the names under which its cells have them.
std::vector<ComparedMeasure> shown_values(Table const& table, SweepFolder const& sweep,
                                          std::vector<std::string> const& asked);

}  // namespace mambasynth::analysis::collate
