#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/gnuplot.hpp"
#include "series/digest.hpp"

namespace mambasynth::series {

/// The sampled steps of a digest, embedded in the plane.
struct SeriesEmbedding {
  std::span<float const> coordinates;                           ///< (sampled step, 2)
  std::int64_t subspace_dim = 0;                                ///< of the subspace that contains all circles
  std::vector<std::pair<std::int64_t, double>> dimension = {};  ///< k and the estimate of the embedding's dimension
  std::string estimator = {};                                   ///< its label
};

/// Draws the figures of the verb `data` into `folder`: markov_circles_timeseries (circle over time, transition matrix,
/// periods; below them the embedding, if given, by circle and by time) and sample_window_0, _1, _2 (3000 steps at the
/// start, middle and end: circles above a heat map of the channels; all of a shorter series). With an embedding also
/// umap_subspace_<subspace_dim>. `sampling_rate`: Hz, for time axes in seconds; 0: in steps.
void draw_series(series::Digest const& digest, std::filesystem::path const& folder,
                 SeriesEmbedding const* embedding = nullptr, double sampling_rate = 0);

}  // namespace mambasynth::series
