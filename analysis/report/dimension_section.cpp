#include <fmt/format.h>

#include <set>

#include "analysis/collate/controls_table.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/shown_dimension.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/report/measure_tables.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/report/wording.hpp"

namespace mambasynth::analysis::report {
namespace {

/// Every estimator in one layer, at one k or n1 of each: the shown k, and a middle n1.
std::vector<NamedMeasure> other_estimators(collate::Table const& table, std::string const& layer, std::string_view k) {
  constexpr std::int64_t shown_n1 = 4;
  std::vector<NamedMeasure> found;
  for (auto const& measure : table.measures) {
    auto const described = collate::describe(measure);
    if (described.estimator.empty() || !described.control.empty() || described.layer != layer) continue;
    if (described.k && fmt::format("k{}", *described.k) != k) continue;
    if (described.n1 && *described.n1 != shown_n1) continue;
    found.push_back({described.quantity.substr(described.quantity.find('(')), measure});
    auto& words = found.back().words;
    if (words.starts_with('(') && words.ends_with(')')) words = words.substr(1, words.size() - 2);
  }
  return found;
}

}  // namespace

document::Section dimension_section(Material const& material) {
  auto const& table = material.chapter.collation.table;
  document::Section section{.title = "Intrinsic dimension by layer", .label = material.label("dimension")};
  std::string const k(collate::shown_k(table));
  if (k.empty()) return section;
  auto const estimator = std::string(collate::shown_estimator.name);
  auto layers = measures_table(table, "Layer", by_layer(table, estimator + ".", "." + k));
  layers.label = material.label("dimension");
  layers.caption = fmt::format("Intrinsic dimension of each layer's activations ({}, k = {}).",
                               collate::shown_estimator.label(), k.substr(1));
  if (!layers.rows.empty()) section.blocks.emplace_back(std::move(layers));
  append(section.blocks, figures_named(material, "sweep_dimension"));
  if (auto const last = collate::last_layer_dimension(table)) {
    auto const layer = collate::describe(last->shown.measures.front()).layer;
    auto others = measures_table(table, "Estimator", other_estimators(table, layer, k));
    others.label = material.label("estimators");
    others.caption = fmt::format("Other estimators of the dimension of {}.", collate::layer_words(layer));
    if (others.rows.size() > 1) section.blocks.emplace_back(std::move(others));
  }
  auto controls = collate::controls_table(table, material.chapter.collation.sweep);
  if (!controls.columns.empty()) {
    controls.label = material.label("dimension-controls");
    section.blocks.emplace_back(std::move(controls));
  }
  return section;
}

}  // namespace mambasynth::analysis::report
