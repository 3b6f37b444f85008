#include "analysis/trial_file/layer_figures.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/trial_file/trial_file.hpp"
#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

// Compares the figures of a network's layers with the numbers that they show.

using namespace mambasynth;
using namespace mambasynth::tests;
using namespace mambasynth::analysis::trial_file;
using analysis::dimension::DimensionEstimates;
using Catch::Approx;

namespace {

std::vector<std::string> const names{"input", "layer_1", "output"}, shown{"input", "1", "output"},
    short_names{"in", "1", "out"};

/// Every estimate is `value`; its bar extends a fifth of that to either side.
DimensionEstimates dimension_of(double value) {
  DimensionEstimates all;
  all.points = 500;
  all.k = {10, 28};
  all.n1 = {1, 2};
  for (auto const* estimator : analysis::dimension::estimators)
    all[*estimator].assign(estimator->entries({all.k, all.n1}), {value, value / 20, value / 10});
  return all;
}

LayerMeasures measures_of(double scale) {
  LayerMeasures measures;
  measures.layers = names;
  for (double const layer : {1.0, 2.0, 3.0}) {
    measures.dimension.push_back(dimension_of(scale * layer));
    LayerActivation activation{0, 1, 4};
    activation.participation_ratio_unbiased = 2 * scale * layer;
    activation.spectrum = {0.6, 0.3, 0.1};
    measures.activation.push_back(activation);
  }
  return measures;
}

Drawing drawing_of(TemporaryFolder const& folder, char const* name) {
  return read_figure(folder.path() / (std::string(name) + ".svg"));
}

/// The heights of the only curve with points, in units of the axis.
std::vector<double> trained(DrawnPanel const& panel, bool logarithmic) {
  std::vector<double> heights;
  for (auto const& plot : panel.plots)
    for (auto const& mark : plot.marks) heights.push_back(panel.y.value(mark.at.y, logarithmic));
  return heights;
}

void check_near(std::vector<double> const& found, std::vector<double> const& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(0.01));
}

}  // namespace

TEST_CASE("the intrinsic dimension by layer is drawn with its controls") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  Controls controls;
  controls.untrained = measures_of(2);
  controls.shuffled = {dimension_of(7), dimension_of(8), dimension_of(9)};
  controls.signal = dimension_of(1.5);
  controls.noise = dimension_of(12);
  TemporaryFolder const folder;
  draw_dimension_by_layer(measures_of(1), controls, folder.path());
  auto const drawing = drawing_of(folder, "intrinsic_dimension");
  for (char const* words : {"Levina-Bickel, original form, k = 28", "TwoNN, maximum likelihood", "Participation ratio",
                            "Intrinsic dimension", "Layer", "Trained network", "noise-free signal"})
    CHECK(drawing.says(words));
  CHECK(std::any_of(drawing.texts.begin(), drawing.texts.end(),
                    [](auto const& text) { return text.words.starts_with("Off scale: untrained "); }));
  REQUIRE(drawing.panels.size() == 3);
  CHECK(drawing.panels[2].x.labels() == short_names);
  check_near(trained(drawing.panels[0], true), {1, 2, 3});
  check_near(trained(drawing.panels[1], true), {1, 2, 3});
  check_near(trained(drawing.panels[2], true), {2, 4, 6});
  // Controls first, then intervals and points.
  auto const& panel = drawing.panels[0];
  REQUIRE(panel.plots.size() == 5);  // two of four controls, intervals, line, points
  std::vector<double> const first_of_controls{2, 7, 1.5, 12};
  auto const data = store::read_text(folder.path() / "plots/intrinsic_dimension_levina_bickel.dat");
  for (double const first : first_of_controls)
    CHECK(data.find(fmt::format(": x y\n0 {}\n", first)) != std::string::npos);
  REQUIRE(panel.plots[2].strokes.size() == 3);
  auto const& interval = panel.plots[2].strokes[1].path;
  CHECK(panel.y.value(interval[0].y, true) == Approx(2 - 0.4).epsilon(0.01));
  CHECK(panel.y.value(interval[1].y, true) == Approx(2 + 0.4).epsilon(0.01));
}

TEST_CASE("the spectrum has a curve for each layer over the principal directions") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  TemporaryFolder const folder;
  draw_spectrum(measures_of(1), folder.path());
  auto const drawing = drawing_of(folder, "spectrum");
  for (char const* words :
       {"Principal components", "Share of the variance", "Principal direction", "Layer:", "1", "input", "output"})
    CHECK(drawing.says(words));
  REQUIRE(drawing.panels.size() == 1);
  auto const& panel = drawing.panels[0];
  std::size_t curves = 0;
  for (auto const& plot : panel.plots) {
    if (plot.strokes.empty()) continue;
    auto const line = panel.values(plot.line(), {true, true});
    if (line.size() != 3) continue;
    ++curves;
    CHECK(line[0].y == Approx(0.6).epsilon(0.01));
    CHECK(line[2].y == Approx(0.1).epsilon(0.01));
  }
  CHECK(curves == 3);
}

TEST_CASE("each probe has a panel with its score, its interval and its controls") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  Probes probes;
  probes.groups = 5;
  auto const score = [](char const* name, double first) {
    return ProbeScore{.name = name,
                      .trained = {{first, 0.01}, {first + 0.1, 0.01}, {first + 0.2, 0.01}},
                      .untrained = {{0.3, 0.01}, {0.3, 0.01}, {0.3, 0.01}},
                      .shuffled = {{0.1, 0.01}, {0.1, 0.01}, {0.1, 0.01}}};
  };
  probes.targets = {{"circle", {score("accuracy", 0.7), score("balanced_accuracy", 0.5)}},
                    {"switch_hazard", {score("r2", 0.2)}}};
  TemporaryFolder const folder;
  draw_probes(names, probes, folder.path());
  auto const drawing = drawing_of(folder, "probes");
  for (char const* words : {"Circle probe", "Balanced accuracy", "Switch-hazard probe", "R²", "Trained network",
                            "Layer", "Bars: 95 % confidence interval over 5 groups of visits. Gray: controls."})
    CHECK(drawing.says(words));
  REQUIRE(drawing.panels.size() == 2);
  CHECK(drawing.panels[1].x.labels() == short_names);
  check_near(trained(drawing.panels[0], false), {0.5, 0.6, 0.7});
  check_near(trained(drawing.panels[1], false), {0.2, 0.3, 0.4});
  auto const& panel = drawing.panels[0];
  REQUIRE(panel.plots.size() == 3);  // intervals, line, points; both controls are off the scale
  auto const& interval = panel.plots[0].strokes.at(0).path;
  // Student's t with 4 degrees of freedom: 2.776.
  CHECK(panel.y.value(interval[1].y) - panel.y.value(interval[0].y) == Approx(2 * 0.02776).epsilon(0.05));
}

TEST_CASE("the similarity of layers is a map for each measure") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  Similarity similarity;
  similarity.cka = {1, 0.5, 0.25, 0.5, 1, 0.75, 0.25, 0.75, 1};
  similarity.neighbour_overlap = {1, 0.4, 0.2, 0.4, 1, 0.3, 0.2, 0.3, 1};
  similarity.overlap_k = 15;
  TemporaryFolder const folder;
  draw_similarity(names, similarity, folder.path());
  auto const drawing = drawing_of(folder, "similarity");
  CHECK((drawing.says("Debiased linear CKA") && drawing.says("Neighbors in common, of 15")));
  REQUIRE(drawing.panels.size() == 2);
  for (auto const& panel : drawing.panels) {
    CHECK(panel.x.labels() == shown);
    CHECK(panel.y.labels() == shown);
    CHECK(panel.plots.at(0).areas.size() == 6);  // a triangle
    CHECK(panel.plots.at(1).labels.size() == 6);
  }
  CHECK((drawing.says("0.75") && drawing.says("0.30")));
}

TEST_CASE("embeddings of layers are colored by circle and by phase, under titles with their measures") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  constexpr std::size_t points = 60;
  Embeddings embeddings;
  std::vector<float> spiral;
  for (std::size_t i = 0; i < points; ++i) {
    auto const t = static_cast<float>(i) / 10;
    spiral.insert(spiral.end(), {t * std::cos(t), t * std::sin(t)});
    embeddings.circle.push_back(static_cast<std::int64_t>(i % 3));
    embeddings.phase.push_back(static_cast<double>(t));
  }
  for (std::int64_t const dims : {20, 16, 20}) {
    Embedded panel{.dims = dims, .umap = spiral, .umap_start = "spectral", .pca = spiral};
    panel.pca_share[0] = 0.5, panel.pca_share[1] = 0.25;
    panel.silhouette = 0.125;
    embeddings.panels.push_back(panel);
  }
  embeddings.blocks = {"block_1"};
  embeddings.of_blocks = {embeddings.panels[1]};
  TemporaryFolder const folder;
  draw_layer_embeddings(measures_of(1), embeddings, false, folder.path());
  auto const by_circle = drawing_of(folder, "representation_umap");
  auto const by_phase = drawing_of(folder, "representation_umap_phase");
  auto const components = drawing_of(folder, "representation_pca");
  auto const blocks = drawing_of(folder, "representation_umap_hidden");
  CHECK(by_circle.says("Layer 1 (16-D), LB 2.0, silhouette 0.125"));
  CHECK(components.says("Layer 1: 50 % + 25 %"));
  CHECK(blocks.says("Block 1"));
  CHECK(by_phase.says("phase, rad"));
  CHECK(blocks.panels.size() == 1);
  for (auto const* drawing : {&by_circle, &by_phase, &components}) CHECK(drawing->panels.size() == 3);
  for (auto const* drawing : {&by_circle, &by_phase, &components, &blocks})
    for (auto const& panel : drawing->panels) {
      CHECK(panel.plots.at(0).marks.size() == points);
      auto const colors = panel.plots[0].mark_colors().size();
      CHECK((drawing == &by_phase ? colors > 20 : colors == 3));
    }
  draw_layer_embeddings(measures_of(1), embeddings, true, folder.path());
  for (auto const& name : names) CHECK_FALSE(drawing_of(folder, ("umap_" + name).c_str()).blank());
}
