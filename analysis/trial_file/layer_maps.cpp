#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "analysis/dimension/estimators.hpp"
#include "analysis/plot/embedding_figures.hpp"
#include "analysis/plot/heat_map.hpp"
#include "analysis/plot/layer_axis.hpp"
#include "analysis/plot/legend.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/trial_file/layer_figures.hpp"
#include "analysis/trial_file/shown_k.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

/// "Layer 3 (128-D)"
std::string words_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

/// "Layer 3 (128-D), LB 4.8, silhouette 0.312"
std::string panel_title(std::string const& name, Embedded const& panel, LayerMeasures const& measures, std::size_t p) {
  auto title = fmt::format("{} ({}-D)", words_of(name), panel.dims);
  if (panel.kept_share < 1) title += fmt::format(", PCA {:.1f} %", 100 * panel.kept_share);
  if (!measures.dimension.empty() && !measures.dimension[p].k.empty())
    title +=
        fmt::format(", LB {:.1f}",
                    measures.dimension[p][dimension::levina_bickel_original][shown_k(measures.dimension[p].k)].value);
  if (std::isfinite(panel.silhouette)) title += fmt::format(", silhouette {:.3f}", panel.silhouette);
  return title;
}

}  // namespace

void draw_similarity(std::vector<std::string> const& layers, Similarity const& similarity,
                     std::filesystem::path const& folder) {
  if (layers.size() < 2) return;  // nothing to compare
  std::vector<std::string> names;
  for (auto const& layer : layers) names.push_back(plot::short_layer(layer));
  std::vector<plot::HeatMap> maps;
  auto const add = [&](std::string const& part, std::string const& title, std::string const& quantity,
                       std::vector<double> const& matrix) {
    if (matrix.empty()) return;
    auto const range = plot::color_range({matrix}, true);
    maps.push_back({.part = part,
                    .title = title,
                    .axis = "Layer",
                    .names = names,
                    .matrix = matrix,
                    .low = range.low,
                    .high = range.high,
                    .quantity = quantity,
                    .triangle = true});
  };
  add("cka", "Debiased linear CKA", "CKA", similarity.cka);
  add("neighbours", fmt::format("Neighbors in common, of {}", similarity.overlap_k), "Share",
      similarity.neighbour_overlap);
  if (maps.empty()) return;
  constexpr double edge = 1, between = 3, below = 1;
  auto const count = static_cast<double>(maps.size());
  double const width = maps.size() > 1 ? plot::two_columns : plot::one_column;
  auto const room = plot::room_of(maps.front());
  double const side = (width - 2 * edge - (count - 1) * between) / count - room.left - plot::bar_room;
  double const end = edge + room.above + side + room.below + below;
  plot::Legend const legend(
      "", {},
      {fmt::format("Of the trained network's layers, at the same {} steps of the series; no intervals. Colors leave "
                   "out the diagonal, which is 1.",
                   plot::count_text(static_cast<std::size_t>(similarity.steps)))},
      width);
  plot::Size const size{width, end + legend.height()};
  plot::Paper const paper(size);
  plot::Figure figure("similarity", size);
  std::string commands = "set multiplot\n";
  for (std::size_t i = 0; i < maps.size(); ++i) {
    double const left = edge + room.left + static_cast<double>(i) * (room.left + side + plot::bar_room + between);
    commands += plot::heat_map(figure, maps[i], {.left = left, .top = edge + room.above, .width = side, .height = side},
                               paper, {}, i + 1 == maps.size() ? legend.commands(paper, end) : "");
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

void draw_layer_embeddings(LayerMeasures const& measures, Embeddings const& e, bool per_layer,
                           std::filesystem::path const& folder, plot::Labels labels) {
  constexpr int columns = 3, block_columns = 4;
  auto const circles = e.circle.empty() ? 0 : *std::max_element(e.circle.begin(), e.circle.end()) + 1;
  auto const circle = plot::by_category(plot::word_of(labels), e.circle, circles);
  auto const phase = plot::by_phase(e.phase);
  std::vector<plot::EmbeddingPanel> umaps, phases, components, blocks;
  for (std::size_t p = 0; p < e.panels.size(); ++p) {
    auto const& panel = e.panels[p];
    auto const& name = measures.layers[p];
    umaps.push_back({panel_title(name, panel, measures, p), panel.umap, &circle});
    phases.push_back({words_of(name), panel.umap, &phase});
    components.push_back(
        {fmt::format("{}: {:.0f} % + {:.0f} %", words_of(name), 100 * panel.pca_share[0], 100 * panel.pca_share[1]),
         panel.pca, &circle});
  }
  for (std::size_t b = 0; b < e.of_blocks.size(); ++b)
    blocks.push_back({words_of(e.blocks[b]), e.of_blocks[b].umap, &circle});
  constexpr char const* points = "steps of the series";
  std::string explained;
  if (!measures.dimension.empty() && !measures.dimension.front().k.empty()) {
    auto const& ks = measures.dimension.front().k;
    explained = fmt::format("LB: intrinsic dimension of the layer ({}, k = {}). ",
                            dimension::levina_bickel_original.label(), ks[shown_k(ks)]);
  }
  if (std::any_of(e.panels.begin(), e.panels.end(), [](auto const& panel) { return panel.kept_share < 1; }))
    explained += "PCA: share of the variance that UMAP's input keeps. ";
  if (std::any_of(e.panels.begin(), e.panels.end(), [](auto const& panel) { return std::isfinite(panel.silhouette); }))
    explained += fmt::format("Silhouette: of the {}s in the plane, from −1 to 1.", plot::word_of(labels));
  std::vector<std::string> umap_notes;
  if (!explained.empty()) umap_notes.push_back(explained);
  std::string random;
  for (std::size_t p = 0; p < e.panels.size(); ++p)
    if (e.panels[p].umap_start == "random") random += (random.empty() ? "" : ", ") + words_of(measures.layers[p]);
  if (!random.empty()) umap_notes.push_back(fmt::format("UMAP started at random, not from the spectrum: {}.", random));
  if (per_layer)
    for (std::size_t p = 0; p < umaps.size(); ++p)
      plot::draw_embeddings("umap_" + measures.layers[p], "", std::span(umaps).subspan(p, 1), 1, points, umap_notes,
                            folder);
  else
    plot::draw_embeddings("representation_umap", fmt::format("UMAP by {}", plot::word_of(labels)), umaps, columns,
                          points, umap_notes, folder);
  if (!e.phase.empty())
    plot::draw_embeddings("representation_umap_phase", "UMAP by phase", phases, columns, points, {}, folder);
  plot::draw_embeddings("representation_pca", "Leading two principal components, with their shares of the variance",
                        components, columns, points, {}, folder);
  if (!blocks.empty())
    plot::draw_embeddings("representation_umap_hidden", "UMAP of the outputs of the Mamba blocks", blocks,
                          block_columns, points, {}, folder);
}

}  // namespace mambasynth::analysis::trial_file
