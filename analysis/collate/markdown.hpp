#pragma once

#include <string>
#include <vector>

#include "analysis/collate/table.hpp"
#include "analysis/collate/trial_similarity.hpp"

namespace mambasynth::analysis::collate {

/// The cells' table with the measures asked for, or the usual ones; below it what the numbers are, what they were made
/// with, controls, similarity, and every gap with its reason. Tables keep to `most_columns` unless measures were asked
/// for. Errors: as cells_table.
std::string to_markdown(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
                        std::vector<std::string> const& measures);

}  // namespace mambasynth::analysis::collate
