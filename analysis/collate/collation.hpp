#pragma once

#include <string>
#include <vector>

#include "analysis/collate/differences.hpp"
#include "analysis/collate/dose_response.hpp"
#include "analysis/collate/options.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/collate/trial_similarity.hpp"

namespace mambasynth::analysis::collate {

/// Trials, and everything computed from them.
struct Collation {
  SweepFolder sweep;
  Table table;
  std::vector<std::string> measures;  ///< that the table shows; empty: the usual ones
  TrialSimilarity similarity = {};
  Differences differences = {};
  std::vector<DoseResponse> trends = {};
};

/// One table of these folders, without comparisons, and with warnings on stderr. Errors: errors::usage for a refused
/// mixture, and for names that do not exist.
Collation tabulated(std::vector<SweepFolder> folders, Options const& options);

/// Fills in what compares trials and cells: similarity, differences, trends.
void compare(Collation& collation);

}  // namespace mambasynth::analysis::collate
