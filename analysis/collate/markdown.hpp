#pragma once

#include "analysis/collate/differences.hpp"
#include "analysis/collate/options.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/collate/trial_similarity.hpp"
#include "analysis/document/document.hpp"

namespace mambasynth::analysis::collate {

/// What the collator prints: the table that it shows; below it, what the numbers mean, code and data versions,
/// differences to the baseline, controls, similarity, and every gap with its reason. Tables other than `shown` fit a
/// terminal.
document::Blocks to_blocks(document::Table shown, Table const& table, SweepFolder const& sweep,
                           Differences const& differences, TrialSimilarity const& similarity, Options const& options);

}  // namespace mambasynth::analysis::collate
