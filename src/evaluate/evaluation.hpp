#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/intrinsic_dimension.hpp"
#include "config/config.hpp"
#include "evaluate/encode.hpp"

namespace mambasynth::evaluate {

/// What is measured on every panel (input, layers, output) of a network over a series.
struct Evaluation {
  std::vector<std::string> panels;
  std::vector<analysis::DimensionEstimates> dimension;            ///< one a panel
  std::vector<double> mean, std, participation_ratio;             ///< one a panel, over all rows
  std::int64_t rows = 0;                                          ///< steps in whole windows
};

/// The rows of the intrinsic dimension are the original's: one stream default_rng(42), from which the rows for UMAP
/// are drawn first (where there are more than config.umap_points), then config.lb_points rows without replacement.
std::vector<std::int64_t> dimension_rows(std::int64_t rows, config::Evaluate const& config);

/// `series` (time, channel), cut into windows of `seq_len` as for_each_batch does.
Evaluation evaluate(model::Network const& network, at::Tensor const& series, std::int64_t seq_len,
                    config::Evaluate const& config, int threads);

}  // namespace mambasynth::evaluate
