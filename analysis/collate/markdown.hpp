#pragma once

#include <string>
#include <vector>

#include "analysis/collate/table.hpp"
#include "analysis/collate/trial_similarity.hpp"

namespace mambasynth::analysis::collate {

/// The table of cells with the requested measures, or the usual ones; below it, what the numbers mean, code and data
/// versions, controls, similarity, and every gap with its reason. Tables keep to `most_columns` unless measures were
/// requested. Errors: as in cells_table.
std::string to_markdown(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
                        std::vector<std::string> const& measures);

}  // namespace mambasynth::analysis::collate
