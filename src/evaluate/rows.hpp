#pragma once

#include <cstdint>
#include <vector>

#include "config/config.hpp"

namespace mambasynth::evaluate {

/// Which steps of a series are measured; all lie before the end of the last complete window.
struct Rows {
  /// The original's: from one stream default_rng(42), first the rows for UMAP are drawn (if there are more than
  /// config.umap_points), then config.lb_points rows without replacement, in the order of the draws.
  std::vector<std::int64_t> original;
  std::vector<std::int64_t> embedding;  ///< those for UMAP, ascending; at most as many as there are
  /// config.dimension_points rows drawn from the same stream after both; empty: the estimators share `original`.
  std::vector<std::int64_t> dimension;
  std::vector<std::int64_t> probe;       ///< config.probe_points, evenly spaced in time; at most as many as there are
  std::vector<std::int64_t> similarity;  ///< config.similarity_points, likewise
  std::vector<std::int64_t> shared;      ///< config.shared_points, likewise
};

Rows choose_rows(std::int64_t rows, config::Evaluate const& config);

}  // namespace mambasynth::evaluate
