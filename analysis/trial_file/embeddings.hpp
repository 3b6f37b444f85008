#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// One panel embedded in the plane.
struct Embedded {
  std::int64_t dims = 0;    ///< of the panel
  std::vector<float> umap;  ///< (point, 2)
  std::string umap_start;   ///< "spectral" or "random"; "none" if there are too few points to lay out
  std::vector<float> pca;   ///< (point, 2); NaN if the panel has one dimension
  double pca_share[2]{};    ///< share of the variance in each of the two directions
  double kept_share = 1;    ///< share of the variance in UMAP's input; below 1 after a PCA
  double silhouette = 0;    ///< of the UMAP by circle, -1 .. 1; NaN if circles are unknown
};

/// The panels of a network, and the outputs of its blocks before they join the residual stream, at the same steps.
struct Embeddings {
  std::vector<std::int64_t> step;    ///< (point)
  std::vector<std::int64_t> circle;  ///< (point); or empty
  std::vector<double> phase;         ///< (point), radians; or empty
  std::vector<Embedded> panels;      ///< (layer)
  std::vector<std::string> blocks;   ///< names; or empty
  std::vector<Embedded> of_blocks;
};

/// The group /embedding: umap and pca (layer, point, coordinate), umap_start (layer, words), pca_share (layer,
/// coordinate), silhouette (layer), block_umap (block, point, coordinate), block_umap_start (block, words), circle and
/// phase (point); scales /point (the steps), /coordinate, /block. The scale /layer must be there. Writes nothing if
/// nothing was embedded.
void write_embeddings(store::Hdf5Writer& h5, Embeddings const& embeddings);

}  // namespace mambasynth::analysis::trial_file
