#pragma once

#include <string>

#include "analysis/collate/table.hpp"
#include "analysis/collate/trial_similarity.hpp"

namespace mambasynth::collate {

/// One row a cell: axes, counts, test and validation MSE, intrinsic dimension by layer, time, as mean +- half the 95 %
/// confidence interval; below it what the numbers are, what they were made with, and every gap with its reason.
std::string to_markdown(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity);

}  // namespace mambasynth::collate
