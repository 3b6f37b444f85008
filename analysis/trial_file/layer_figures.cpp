#include "analysis/trial_file/layer_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "analysis/dimension/dimension_bar.hpp"
#include "analysis/plot/curves.hpp"
#include "analysis/plot/embedding_figures.hpp"
#include "analysis/plot/heat_map.hpp"
#include "analysis/plot/layer_axis.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

using dimension::DimensionEstimates;

void add(plot::Curve& curve, double value, double half) {
  curve.mean.push_back(value);
  curve.low.push_back(value - half);
  curve.high.push_back(value + half);
}

plot::Curve curve_of(std::string const& name, std::vector<Scored> const& scores, std::int64_t groups) {
  plot::Curve curve{.name = name, .mean = {}, .low = {}, .high = {}};
  for (auto const& score : scores) {
    auto const half = half_interval(score, groups);
    add(curve, score.value, std::isfinite(half) ? half : 0);
  }
  return curve;
}
plot::Curve curve_of(std::string const& name, std::vector<Shuffled> const& scores) {
  plot::Curve curve{.name = name, .mean = {}, .low = {}, .high = {}};
  for (auto const& score : scores) add(curve, score.mean, 0);
  return curve;
}

/// Controls are lines without intervals; controls that were not measured are left out.
void add_reference(plot::Panel& panel, plot::Curve curve) {
  if (curve.mean.empty()) return;
  curve.low.clear();
  curve.high.clear();
  panel.references.push_back(std::move(curve));
}

/// The measured k nearest to the usual 30.
std::size_t shown_k(std::vector<std::int64_t> const& ks) {
  constexpr std::int64_t usual = 30;
  auto const nearest = std::min_element(
      ks.begin(), ks.end(), [](std::int64_t a, std::int64_t b) { return std::abs(a - usual) < std::abs(b - usual); });
  return static_cast<std::size_t>(nearest - ks.begin());
}

/// `at`: the entry of the estimator's axis.
plot::Panel dimension_panel(dimension::Estimator const& estimator, std::size_t at, std::string const& title,
                            LayerMeasures const& measures, Controls const& controls) {
  auto const curve = [&](std::string const& name, std::vector<DimensionEstimates> const& layers) {
    plot::Curve drawn{.name = name, .mean = {}, .low = {}, .high = {}};
    for (auto const& layer : layers)
      add(drawn, layer[estimator][at].value, dimension::dimension_bar(layer[estimator][at]));
    return drawn;
  };
  plot::Panel panel{.part = std::string(estimator.panel.part),
                    .title = title,
                    .ylabel = "dimension",
                    .curves = {curve("trained", measures.dimension)},
                    .references = {},
                    .log_y = true};
  add_reference(panel, curve("untrained network", controls.untrained.dimension));
  add_reference(panel, curve("shuffled features", controls.shuffled));
  auto const level = [&](std::string const& name, std::optional<DimensionEstimates> const& set) {
    if (set) add_reference(panel, curve(name, std::vector(measures.layers.size(), *set)));
  };
  level("noise-free signal", controls.signal);
  level("pure noise", controls.noise);
  return panel;
}

constexpr double negligible_share = 1e-7;  // left over from the rounding of activations

/// The linear dimension, to compare with the intrinsic one.
void add_participation_ratio(plot::Curves& figure, LayerMeasures const& measures, Controls const& controls) {
  auto const curve = [](std::string const& name, std::vector<LayerActivation> const& layers) {
    plot::Curve drawn{.name = name, .mean = {}, .low = {}, .high = {}};
    for (auto const& layer : layers) add(drawn, layer.participation_ratio_unbiased, 0);
    return drawn;
  };
  if (measures.activation.empty()) return;
  plot::Panel panel{.part = "participation_ratio",
                    .title = "Participation ratio",
                    .ylabel = "dimension",
                    .curves = {curve("trained", measures.activation)},
                    .references = {},
                    .log_y = true};
  add_reference(panel, curve("untrained network", controls.untrained.activation));
  figure.panels.push_back(std::move(panel));
}

/// The label of the score that a panel shows.
std::string score_words(std::string const& name) {
  if (name == "r2") return "R²";
  auto words = name;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

/// "layer_3 (128-D), LB 4.8, silhouette 0.312"
std::string panel_title(std::string const& name, Embedded const& panel, LayerMeasures const& measures, std::size_t p) {
  auto title = fmt::format("{} ({}-D)", name, panel.dims);
  if (panel.umap_start == "random") title += ", random start";
  if (panel.kept_share < 1) title += fmt::format(", PCA {:.1f} %", 100 * panel.kept_share);
  if (!measures.dimension.empty() && !measures.dimension[p].k.empty())
    title +=
        fmt::format(", LB {:.1f}",
                    measures.dimension[p][dimension::levina_bickel_original][shown_k(measures.dimension[p].k)].value);
  if (std::isfinite(panel.silhouette)) title += fmt::format(", silhouette {:.3f}", panel.silhouette);
  return title;
}

}  // namespace

void draw_dimension_by_layer(LayerMeasures const& measures, Controls const& controls,
                             std::filesystem::path const& folder) {
  auto figure = plot::over_layers("intrinsic_dimension", "", measures.layers);
  auto const& ks = measures.dimension.front().k;
  auto const at_k = shown_k(ks);
  for (auto const* estimator : dimension::estimators) {
    auto const& [part, title, unused] = estimator->panel;
    if (part.empty()) continue;
    if (estimator->axis == dimension::Axis::none)
      figure.panels.push_back(dimension_panel(*estimator, 0, std::string(title), measures, controls));
    else if (!ks.empty())
      figure.panels.push_back(
          dimension_panel(*estimator, at_k, fmt::format("{}, k = {}", title, ks[at_k]), measures, controls));
  }
  add_participation_ratio(figure, measures, controls);
  plot::draw_curves(figure, folder);
}

void draw_spectrum(LayerMeasures const& measures, std::filesystem::path const& folder) {
  plot::Curves figure{.name = "spectrum",
                      .legend_title = "layer",
                      .xlabel = "principal direction",
                      .x = {},
                      .ticks = {},
                      .log2_x = true,
                      .panels = {}};
  std::size_t components = 0;
  for (auto const& layer : measures.activation) components = std::max(components, layer.spectrum.size());
  for (std::size_t c = 0; c < components; ++c) figure.x.push_back(static_cast<double>(c + 1));
  plot::Panel panel{.part = "share",
                    .title = "Principal components",
                    .ylabel = "share of the variance",
                    .curves = {},
                    .references = {},
                    .log_y = true};
  for (std::size_t l = 0; l < measures.activation.size(); ++l) {
    auto const name = plot::short_layer(measures.layers[l]);
    plot::Curve curve{.name = name, .mean = measures.activation[l].spectrum, .low = {}, .high = {}};
    curve.mean.resize(components, std::nan(""));
    std::replace_if(
        curve.mean.begin(), curve.mean.end(), [](double share) { return share <= negligible_share; }, std::nan(""));
    (name == measures.layers[l] ? panel.references : panel.curves)
        .push_back(std::move(curve));  // input and output are not layers
  }
  if (panel.curves.empty()) panel.curves = std::exchange(panel.references, {});
  figure.panels.push_back(std::move(panel));
  if (components > 0) plot::draw_curves(figure, folder);
}

void draw_probes(std::vector<std::string> const& layers, Probes const& probes, std::filesystem::path const& folder) {
  auto figure = plot::over_layers("probes", "", layers);
  for (auto const& probe : probes.targets) {
    auto const& score = probe.scores.front();
    auto title = "Probe of " + probe.target;
    std::replace(title.begin(), title.end(), '_', ' ');
    plot::Panel panel{.part = probe.target,
                      .title = title,
                      .ylabel = score_words(score.name),
                      .curves = {curve_of("trained", score.trained, probes.groups)},
                      .references = {}};
    add_reference(panel, curve_of("untrained network", score.untrained, probes.groups));
    add_reference(panel, curve_of("shuffled targets", score.shuffled));
    figure.panels.push_back(std::move(panel));
  }
  plot::draw_curves(figure, folder);
}

void draw_similarity(std::vector<std::string> const& layers, Similarity const& similarity,
                     std::filesystem::path const& folder) {
  if (layers.size() < 2) return;  // nothing to compare
  plot::Figure figure("similarity", {1300, 560});
  std::vector<std::string> names;
  for (auto const& layer : layers) names.push_back(plot::short_layer(layer));
  std::string commands = "set multiplot\nset tics out nomirror\nunset key\n";
  if (!similarity.cka.empty())
    commands += plot::heat_map(figure, {"cka", "Debiased linear CKA", "layer", names, similarity.cka},
                               {.left = 0.06, .right = 0.42, .bottom = 0.18, .top = 0.9});
  if (!similarity.neighbour_overlap.empty())
    commands +=
        plot::heat_map(figure,
                       {"neighbours", fmt::format("Share of {} nearest neighbors in common", similarity.overlap_k),
                        "layer", names, similarity.neighbour_overlap},
                       {.left = 0.56, .right = 0.92, .bottom = 0.18, .top = 0.9});
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

void draw_layer_embeddings(LayerMeasures const& measures, Embeddings const& e, bool per_layer,
                           std::filesystem::path const& folder) {
  constexpr int columns = 3, block_columns = 4;
  auto const circles = e.circle.empty() ? 0 : *std::max_element(e.circle.begin(), e.circle.end()) + 1;
  auto const circle = plot::by_category("circle", e.circle, circles);
  auto const phase = plot::by_phase(e.phase);
  std::vector<plot::EmbeddingPanel> umaps, phases, components, blocks;
  for (std::size_t p = 0; p < e.panels.size(); ++p) {
    auto const& panel = e.panels[p];
    auto const& name = measures.layers[p];
    umaps.push_back({panel_title(name, panel, measures, p), panel.umap, &circle});
    phases.push_back({name, panel.umap, &phase});
    components.push_back(
        {fmt::format("{}: {:.0f} % + {:.0f} %", name, 100 * panel.pca_share[0], 100 * panel.pca_share[1]), panel.pca,
         &circle});
  }
  for (std::size_t b = 0; b < e.of_blocks.size(); ++b) blocks.push_back({e.blocks[b], e.of_blocks[b].umap, &circle});
  if (per_layer)
    for (std::size_t p = 0; p < umaps.size(); ++p)
      plot::draw_embeddings("umap_" + measures.layers[p], "", std::span(umaps).subspan(p, 1), 1, folder);
  else plot::draw_embeddings("representation_umap", "", umaps, columns, folder);
  if (!e.phase.empty()) plot::draw_embeddings("representation_umap_phase", "", phases, columns, folder);
  plot::draw_embeddings("representation_pca", "Leading principal components, share of variance", components, columns,
                        folder);
  if (!blocks.empty())
    plot::draw_embeddings("representation_umap_hidden", "Outputs of the Mamba blocks", blocks, block_columns, folder);
}

}  // namespace mambasynth::analysis::trial_file
