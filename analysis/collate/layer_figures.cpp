#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/sweep_figures.hpp"
#include "analysis/dimension/estimators.hpp"
#include "analysis/plot/layer_axis.hpp"
#include "analysis/trial_file/trial_layout.hpp"

namespace mambasynth::analysis::collate {
namespace {

using Names = std::vector<std::string>;

void note_new_layer(Names& all, std::string const& name) {
  if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
}

std::vector<double> layer_places(Names const& layers) {
  std::vector<double> x;
  for (std::size_t i = 0; i < layers.size(); ++i) x.push_back(static_cast<double>(i));
  return x;
}

/// A page of panels by layer: every cell of the group in each, and controls that do not set the scale.
class LayerPage {
 public:
  LayerPage(FigureCells const& cells, CellGroup const& group, std::string const& name, Names layers, int columns,
            double panel_height)
      : cells_(cells), group_(group), layers_(std::move(layers)), x_(layer_places(layers_)) {
    page_ = {.name = name,
             .width = columns > 1 ? plot::two_columns : plot::one_column,
             .columns = columns,
             .panel_height = panel_height,
             .legend_title = cells.legend_title()};
  }

  /// `at`: the measure in a layer. Returns the panel for controls to be added; nothing if no trial has the measure.
  template <class At>
  plot::Panel* add(std::string const& part, std::string const& title, std::string const& ylabel, bool log,
                   At const& at) {
    auto const names = names_of(at);
    if (!cells_.any(names)) return nullptr;
    plot::Panel panel{.part = part, .title = title, .x = plot::layer_axis(layers_), .y = {}};
    for (auto const cell : group_.cells) panel.series.push_back(cells_.curve(cell, x_, names));
    auto const bounds = describe(names.front()).bounds;
    panel.y = cells_.extent(x_, names).axis(ylabel, log, bounds.low, bounds.high);
    return &page_.panels.emplace_back(std::move(panel));
  }
  template <class At>
  void control(plot::Panel& panel, std::string const& name, std::size_t dash, At const& at) {
    if (auto const names = names_of(at); cells_.any(names))
      panel.references.push_back(cells_.control(name, x_, names, dash));
  }

  [[nodiscard]] bool empty() const { return page_.panels.empty(); }
  [[nodiscard]] Sheet sheet(std::string const& title, std::string const& what) {
    page_.notes = cells_.notes("Bands", group_);
    if (std::any_of(page_.panels.begin(), page_.panels.end(),
                    [](auto const& panel) { return !panel.references.empty(); }))
      page_.notes.emplace_back("Gray: controls, means over all trials.");
    auto const of = group_.suffix();
    auto caption = fmt::format("{}{}. {}", what, of, fmt::join(page_.notes, " "));
    return {.page = std::move(page_), .title = title + of, .caption = std::move(caption)};
  }

 private:
  template <class At>
  Names names_of(At const& at) const {
    Names names;
    for (auto const& layer : layers_) names.push_back(at(layer));
    return names;
  }

  FigureCells const& cells_;
  CellGroup const& group_;
  Names layers_;
  std::vector<double> x_;
  plot::Page page_;
};

/// The targets and scores of the table's probes.
std::vector<Measure> shown_probes(Table const& table, Names& layers) {
  std::vector<Measure> probes;
  for (auto const& name : table.measures) {
    auto const measure = describe(name, table.labels);
    if (measure.target.empty() || !measure.control.empty()) continue;
    note_new_layer(layers, measure.layer);
    if (std::none_of(probes.begin(), probes.end(),
                     [&](auto const& p) { return p.target == measure.target && p.base == measure.base; }))
      probes.push_back(measure);
  }
  // The plain accuracy favors circles that are visited often.
  auto const all = probes;
  std::erase_if(probes, [&](Measure const& measure) {
    return measure.base == "accuracy" && std::any_of(all.begin(), all.end(), [&](auto const& other) {
             return other.target == measure.target && other.base == "balanced_accuracy";
           });
  });
  return probes;
}

/// "Circle probe", "balanced accuracy"
std::pair<std::string, std::string> probe_words(Measure const& measure) {
  auto const comma = measure.quantity.find(", ");
  auto score = comma == std::string::npos ? measure.base : measure.quantity.substr(comma + 2);
  score = capitalized(std::move(score));
  if (measure.unit != "1" && !measure.unit.empty()) score += ", " + measure.unit;
  return {measure.quantity.substr(0, comma), score};
}

}  // namespace

std::vector<Sheet> dimension_sheets(FigureCells const& cells) {
  auto const& table = cells.table();
  std::string const k(shown_k(table));
  Names layers;
  for (auto const& measure : table.measures)
    if (auto const name = parse_dimension(measure); !name.k.empty()) note_new_layer(layers, std::string(name.layer));
  std::vector<Sheet> sheets;
  for (auto const& group : cells.groups()) {
    LayerPage page(cells, group, "sweep_dimension", layers, 2, 48);
    for (auto const* estimator : dimension::estimators) {
      if (estimator->panel.empty()) continue;
      bool const at_k = estimator->axis != dimension::Axis::none;
      std::string const name(estimator->name), end = at_k ? "." + k : "";
      auto const title = estimator->label() + (at_k && !k.empty() ? ", k = " + k.substr(1) : "");
      auto const at = [&](std::string const& layer) { return name + "." + layer + end; };
      auto* panel = page.add(std::string(estimator->panel), title, "Intrinsic dimension", true, at);
      if (!panel) continue;
      page.control(*panel, "untrained", 0, [&](auto const& layer) { return "untrained." + at(layer); });
      page.control(*panel, "shuffled features", 1, [&](auto const& layer) { return "shuffled." + at(layer); });
      // What belongs to no layer is a horizontal line.
      page.control(*panel, "noise-free signal", 2, [&](auto const&) { return "signal." + name + end; });
      page.control(*panel, "pure noise", 3, [&](auto const&) { return "noise." + name + end; });
    }
    if (!page.empty()) sheets.push_back(page.sheet("Dimension by layer", "Intrinsic dimension of every layer"));
  }
  number_pages(sheets);
  return sheets;
}

std::vector<Sheet> probe_sheets(FigureCells const& cells) {
  namespace layout = trial_file::trial_layout;
  Names layers;
  auto const probes = shown_probes(cells.table(), layers);
  std::vector<Sheet> sheets;
  for (auto const& group : cells.groups()) {
    LayerPage page(cells, group, "sweep_probes", layers, 2, 32);
    for (auto const& probe : probes) {
      auto const at = [&](std::string const& control) {
        return [&, control](std::string const& layer) {
          return fmt::format("probe.{}.{}{}.{}", probe.target, control, probe.base, layer);
        };
      };
      auto const [title, score] = probe_words(probe);
      auto* panel = page.add(probe.target + "_" + probe.base, title, score, false, at(""));
      if (!panel) continue;
      page.control(*panel, "untrained", 0, at(layout::untrained_prefix));
      page.control(*panel, "shuffled (chance)", 1, at(layout::shuffled_prefix));
    }
    if (!page.empty())
      sheets.push_back(page.sheet("Probes by layer", "Scores of linear probes on held-out stretches of the series"));
  }
  number_pages(sheets);
  return sheets;
}

}  // namespace mambasynth::analysis::collate
