#include "analysis/trial_file/layer_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "analysis/dimension/dimension_bar.hpp"
#include "analysis/plot/layer_axis.hpp"
#include "analysis/plot/page.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/trial_file/probe_words.hpp"
#include "analysis/trial_file/shown_k.hpp"

namespace mambasynth::analysis::trial_file {

std::size_t shown_k(std::vector<std::int64_t> const& ks) {
  constexpr std::int64_t usual = 30;
  auto const nearest = std::min_element(
      ks.begin(), ks.end(), [](std::int64_t a, std::int64_t b) { return std::abs(a - usual) < std::abs(b - usual); });
  return static_cast<std::size_t>(nearest - ks.begin());
}

namespace {

using dimension::DimensionEstimates;

std::vector<double> places(std::size_t count) {
  std::vector<double> x;
  for (std::size_t i = 0; i < count; ++i) x.push_back(static_cast<double>(i));
  return x;
}

/// The trained network: (layer) of value and half its interval.
plot::Series trained(std::vector<std::pair<double, double>> const& values) {
  plot::Series series{.name = "Trained network", .style = plot::category_style(0), .x = places(values.size()), .y = {}};
  for (auto const& [value, half] : values) {
    series.y.push_back(value);
    series.low.push_back(value - half);
    series.high.push_back(value + half);
  }
  return series;
}

/// Controls that were not measured have no values.
void add_control(plot::Panel& panel, std::string const& name, std::vector<double> values, std::size_t dash) {
  if (!values.empty())
    panel.references.push_back({.name = name, .x = places(values.size()), .y = std::move(values), .dash = dash});
}

plot::Panel by_layer(std::vector<std::string> const& layers, std::string const& part, std::string const& title) {
  return {.part = part, .title = title, .x = plot::layer_axis(layers), .y = {}};
}

/// `at`: the entry of the estimator's axis.
plot::Panel dimension_panel(dimension::Estimator const& estimator, std::size_t at, std::string const& title,
                            LayerMeasures const& measures, Controls const& controls) {
  auto panel = by_layer(measures.layers, std::string(estimator.panel), title);
  std::vector<std::pair<double, double>> values;
  plot::Extent extent;
  for (auto const& layer : measures.dimension) {
    double const value = layer[estimator][at].value, half = dimension::dimension_bar(layer[estimator][at]);
    values.emplace_back(value, half);
    extent.add(value), extent.add_interval(value - half, value + half);
  }
  panel.series.push_back(trained(values));
  auto const of = [&](std::vector<DimensionEstimates> const& layers) {
    std::vector<double> control;
    for (auto const& layer : layers) control.push_back(layer[estimator][at].value);
    return control;
  };
  add_control(panel, "untrained", of(controls.untrained.dimension), 0);
  add_control(panel, "shuffled features", of(controls.shuffled), 1);
  if (controls.signal)
    add_control(panel, "noise-free signal", of(std::vector(measures.layers.size(), *controls.signal)), 2);
  if (controls.noise) add_control(panel, "pure noise", of(std::vector(measures.layers.size(), *controls.noise)), 3);
  panel.y = extent.axis("Intrinsic dimension", true);
  return panel;
}

/// The linear dimension beside the intrinsic one.
void add_participation_ratio(plot::Page& page, LayerMeasures const& measures, Controls const& controls) {
  if (measures.activation.empty()) return;
  auto panel = by_layer(measures.layers, "participation_ratio", "Participation ratio");
  std::vector<std::pair<double, double>> values;
  plot::Extent extent;
  for (auto const& layer : measures.activation) {
    values.emplace_back(layer.participation_ratio_unbiased, std::nan(""));
    extent.add(layer.participation_ratio_unbiased);
  }
  panel.series.push_back(trained(values));
  std::vector<double> untrained;
  for (auto const& layer : controls.untrained.activation) untrained.push_back(layer.participation_ratio_unbiased);
  add_control(panel, "untrained", std::move(untrained), 0);
  panel.y = extent.axis("Linear dimension", true);
  page.panels.push_back(std::move(panel));
}

/// "Balanced accuracy"
std::string in_words(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string score_words(std::string const& name) {
  return name == "r2" ? "R²" : name == "log_loss" ? "Log loss, nat" : in_words(name);
}

/// The plain accuracy favors circles that are visited often.
ProbeScore const& shown_score(ProbeResult const& probe) {
  auto const balanced = std::ranges::find(probe.scores, "balanced_accuracy", &ProbeScore::name);
  return balanced == probe.scores.end() ? probe.scores.front() : *balanced;
}

}  // namespace

void draw_dimension_by_layer(LayerMeasures const& measures, Controls const& controls,
                             std::filesystem::path const& folder) {
  plot::Page page{.name = "intrinsic_dimension", .width = plot::two_columns, .columns = 2};
  auto const& ks = measures.dimension.front().k;
  auto const at_k = shown_k(ks);
  for (auto const* estimator : dimension::estimators) {
    if (estimator->panel.empty()) continue;
    if (estimator->axis == dimension::Axis::none)
      page.panels.push_back(dimension_panel(*estimator, 0, estimator->label(), measures, controls));
    else if (!ks.empty())
      page.panels.push_back(dimension_panel(*estimator, at_k, fmt::format("{}, k = {}", estimator->label(), ks[at_k]),
                                            measures, controls));
  }
  add_participation_ratio(page, measures, controls);
  page.notes = {
      fmt::format("Bars: two standard errors over stretches of time, where they are known; {} points. Gray: controls.",
                  plot::count_text(static_cast<std::size_t>(measures.dimension.front().points)))};
  plot::draw_page(page, folder);
}

void draw_spectrum(LayerMeasures const& measures, std::filesystem::path const& folder) {
  constexpr double negligible_share = 1e-7;  // left over from the rounding of activations
  std::size_t components = 0;
  for (auto const& layer : measures.activation) components = std::max(components, layer.spectrum.size());
  if (components == 0) return;
  plot::Panel panel{.part = "share", .title = "Principal components", .x = {}, .y = {}};
  auto const last = static_cast<double>(components);
  panel.x = plot::number_axis("Principal direction", components > 1 ? 0.9 : 0.5, components > 1 ? last * 1.1 : 2, true);
  plot::Extent extent;
  auto const layers =
      static_cast<std::size_t>(std::count_if(measures.layers.begin(), measures.layers.end(),
                                             [](auto const& name) { return plot::short_layer(name) != name; }));
  std::size_t number = 0, other = 0;
  for (std::size_t l = 0; l < measures.activation.size(); ++l) {
    auto const name = plot::short_layer(measures.layers[l]);
    bool const is_layer = name != measures.layers[l];  // unlike input and output
    plot::Series series{.name = name,
                        .style = is_layer ? plot::ordered_style(number++, layers) : plot::reference_style(other++),
                        .x = {},
                        .y = {}};
    series.style.point = 0;
    for (std::size_t c = 0; c < measures.activation[l].spectrum.size(); ++c) {
      double const share = measures.activation[l].spectrum[c];
      series.x.push_back(static_cast<double>(c + 1));
      series.y.push_back(share > negligible_share ? share : std::nan(""));
    }
    extent.add(series.y);
    panel.series.push_back(std::move(series));
  }
  panel.y = extent.axis("Share of the variance", true);
  plot::draw_page({.name = "spectrum",
                   .panel_height = 50,
                   .legend_title = "Layer",
                   .panels = {std::move(panel)},
                   .notes = {fmt::format("Of the trained network, over {} steps of the series; no intervals.",
                                         plot::count_text(static_cast<std::size_t>(measures.steps)))}},
                  folder);
}

void draw_probes(std::vector<std::string> const& layers, Probes const& probes, std::filesystem::path const& folder,
                 plot::Labels labels) {
  plot::Page page{.name = "probes", .width = plot::two_columns, .columns = 2, .panel_height = 32};
  for (auto const& probe : probes.targets) {
    auto const& score = shown_score(probe);
    auto panel = by_layer(layers, probe.target, fmt::format("{} probe", target_words(probe.target, labels)));
    std::vector<std::pair<double, double>> values;
    plot::Extent extent;
    bool const share = score.name != "r2" && score.name != "log_loss";
    for (auto const& scored : score.trained) {
      double const half = half_interval(scored, probes.groups);
      values.emplace_back(scored.value, half);
      extent.add(scored.value), extent.add_interval(scored.value - half, scored.value + half);
    }
    auto series = trained(values);
    double const most = score.name == "log_loss" ? INFINITY : 1, least = share ? 0 : -INFINITY;
    for (auto& low : series.low) low = std::isfinite(low) ? std::max(low, least) : low;
    for (auto& high : series.high) high = std::isfinite(high) ? std::min(high, most) : high;
    panel.series.push_back(std::move(series));
    std::vector<double> untrained, shuffled;
    for (auto const& scored : score.untrained) untrained.push_back(scored.value);
    for (auto const& scored : score.shuffled) shuffled.push_back(scored.mean);
    add_control(panel, "untrained", std::move(untrained), 0);
    add_control(panel, "shuffled targets", std::move(shuffled), 1);
    panel.y = extent.axis(score_words(score.name), false, least, most);
    page.panels.push_back(std::move(panel));
  }
  page.notes = {fmt::format("Bars: 95 % confidence interval over {} groups of visits. Gray: controls.", probes.groups)};
  plot::draw_page(page, folder);
}

}  // namespace mambasynth::analysis::trial_file
