#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/labels.hpp"
#include "analysis/trial_file/controls.hpp"
#include "analysis/trial_file/embeddings.hpp"
#include "analysis/trial_file/layer_measures.hpp"
#include "analysis/trial_file/probe_scores.hpp"
#include "analysis/trial_file/similarity.hpp"

namespace mambasynth::analysis::trial_file {

/// intrinsic_dimension in `folder`: a panel for each estimator that has one (at 30 neighbors or the nearest k
/// measured) and for the participation ratio, layer by layer with bands of two standard errors by blocks of time and
/// the controls.
void draw_dimension_by_layer(LayerMeasures const& measures, Controls const& controls,
                             std::filesystem::path const& folder);

/// spectrum: shares of the variance along principal directions, one curve for each layer.
void draw_spectrum(LayerMeasures const& measures, std::filesystem::path const& folder);

/// probes: one panel for each target with its first score by layer, its 95 % confidence interval, and the controls.
void draw_probes(std::vector<std::string> const& layers, Probes const& probes, std::filesystem::path const& folder,
                 plot::Labels labels = plot::Labels::circles);

/// similarity: debiased CKA and shared neighbors of each pair of layers.
void draw_similarity(std::vector<std::string> const& layers, Similarity const& similarity,
                     std::filesystem::path const& folder);

/// UMAPs of the panels by circle, representation_umap (or, with `per_layer`, one umap_<panel> each), and by phase,
/// representation_umap_phase; of the blocks' outputs, representation_umap_hidden; principal components by circle,
/// representation_pca. Titles give the dimensions, Levina-Bickel at 30 neighbors, and the silhouette by circle.
void draw_layer_embeddings(LayerMeasures const& measures, Embeddings const& embeddings, bool per_layer,
                           std::filesystem::path const& folder, plot::Labels labels = plot::Labels::circles);

}  // namespace mambasynth::analysis::trial_file
