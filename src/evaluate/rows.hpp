#pragma once

#include <cstdint>
#include <vector>

#include "config/config.hpp"

namespace mambasynth::evaluate {

/// Which steps of a series the measures look at; all below the last whole window's end.
struct Rows {
  /// The original's: one stream default_rng(42), from which the rows for UMAP are drawn first (where there are more
  /// than config.umap_points), then config.lb_points rows without replacement, in the order of the draw.
  std::vector<std::int64_t> original;
  std::vector<std::int64_t> embedding;  ///< those for UMAP, ascending; all where there are no more
  /// config.dimension_points rows of the same stream, behind both; empty: the estimators share `original`.
  std::vector<std::int64_t> dimension;
  std::vector<std::int64_t> probe;       ///< config.probe_points, evenly spaced in time; all where there are no more
  std::vector<std::int64_t> similarity;  ///< config.similarity_points, likewise
  std::vector<std::int64_t> shared;      ///< config.shared_points, likewise
};

Rows choose_rows(std::int64_t rows, config::Evaluate const& config);

}  // namespace mambasynth::evaluate
