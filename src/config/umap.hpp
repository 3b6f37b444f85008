#pragma once

#include <cstdint>

namespace mambasynth::config {

/// Parameters of all UMAP embeddings; the defaults are the original's.
inline constexpr std::int64_t umap_points = 10000, umap_neighbors = 50;
inline constexpr double umap_min_dist = 0.3;
inline constexpr std::int64_t umap_seed = 42;

}  // namespace mambasynth::config
