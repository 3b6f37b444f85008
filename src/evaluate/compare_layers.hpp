#pragma once

#include <cstdint>
#include <span>

#include "analysis/neighbors/neighbor_search.hpp"
#include "analysis/trial_file/similarity.hpp"
#include "config/config.hpp"
#include "evaluate/panel_rows.hpp"

namespace mambasynth::evaluate {

/// Similarity of the panels at the same rows: debiased linear CKA of each pair and of each with its initial weights,
/// shared nearest neighbors, and neighbors on the same circle (`circle` may be empty). Neighbors closer in time than
/// config.overlap_theiler steps do not count; if that or config.overlap_k leaves too few, the neighbor measures are
/// omitted.
analysis::trial_file::Similarity compare_layers(PanelPair const& panels, std::span<std::int64_t const> time,
                                                std::span<std::int64_t const> circle, config::Evaluate const& config,
                                                int threads, analysis::neighbors::NeighborSearch const& search);

}  // namespace mambasynth::evaluate
