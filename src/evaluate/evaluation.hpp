#pragma once

#include <cstdint>
#include <vector>

#include "analysis/layer_measures.hpp"
#include "config/config.hpp"
#include "evaluate/encode.hpp"

namespace mambasynth::evaluate {

/// The rows of the intrinsic dimension are the original's: one stream default_rng(42), from which the rows for UMAP
/// are drawn first (where there are more than config.umap_points), then config.lb_points rows without replacement.
std::vector<std::int64_t> dimension_rows(std::int64_t rows, config::Evaluate const& config);

/// Every panel (input, layers, output) of a network over a series (time, channel), cut into windows of `seq_len` as
/// for_each_batch does: intrinsic dimension of the chosen rows, moments of all rows. `panels` names the panels that are
/// looked at (all when empty); without `dimension` the moments alone.
analysis::LayerMeasures evaluate(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                                 config::Evaluate const& config, int threads,
                                 std::vector<std::string> const& panels = {}, bool dimension = true);

}  // namespace mambasynth::evaluate
