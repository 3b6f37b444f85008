#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/report/measure_tables.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/trial_file/trial_layout.hpp"

namespace mambasynth::analysis::report {
namespace {

namespace layout = trial_file::trial_layout;

/// Which of a target's scores a reader needs: plain accuracy rewards guessing the most frequent class.
constexpr std::array shown_scores{"balanced_accuracy", "r2", "log_loss"};

std::string shown_score(collate::Table const& table, std::string const& target) {
  for (auto const* score : shown_scores)
    if (!by_layer(table, fmt::format("probe.{}.{}.", target, score)).empty()) return score;
  return {};
}

/// Means over all done trials of every cell, as columns after the cells'.
void add_controls(document::Table& shown, collate::SweepFolder const& sweep, std::string const& target,
                  std::string const& score, std::vector<NamedMeasure> const& layers) {
  for (auto const& [prefix, words] : {std::pair{layout::untrained_prefix, "untrained network"},
                                      std::pair{layout::shuffled_prefix, "shuffled targets"}}) {
    std::vector<document::Cell> column;
    bool any = false;
    for (auto const& layer : layers) {
      auto const name = collate::short_key(layer.name);
      auto const values = collate::pooled(sweep, fmt::format("probe.{}.{}{}.{}", target, prefix, score, name));
      auto const interval = values ? values->interval() : collate::Interval{};
      column.push_back(interval.n == 0 ? document::Cell() : collate::estimate_cell(interval, 0, shown));
      any = any || interval.n > 0;
    }
    if (!any || column.size() != shown.rows.size()) continue;
    shown.columns.push_back({.key = fmt::format("{}{}", prefix, score), .title = words});
    for (std::size_t r = 0; r < column.size(); ++r) shown.rows[r].push_back(std::move(column[r]));
  }
}

}  // namespace

document::Section probe_section(Material const& material) {
  auto const& [table, sweep] = std::tie(material.chapter.collation.table, material.chapter.collation.sweep);
  document::Section section{.title = "Probes and controls", .label = material.label("probes")};
  append(section.blocks, figures_named(material, "sweep_probes"));
  for (std::string const target : layout::probe_targets) {
    auto const score = shown_score(table, target);
    if (score.empty()) continue;
    auto const layers = by_layer(table, fmt::format("probe.{}.{}.", target, score));
    auto shown = measures_table(table, "Layer", layers);
    if (shown.rows.empty()) continue;
    if (shown.columns.front().key == "Layer") add_controls(shown, sweep, target, score, layers);
    auto const described = collate::describe(layers.front().name, table.labels);
    shown.label = material.label("probe-" + target);
    shown.caption = fmt::format("{} by layer, on held-out stretches of whole visits{}.", described.quantity,
                                described.better == collate::Better::lower ? "; lower is better" : "");
    section.blocks.emplace_back(std::move(shown));
  }
  if (!section.blocks.empty())
    section.blocks.insert(
        section.blocks.begin(),
        document::Paragraph{
            "Linear probes read each target off the activations of each layer. Two controls show what a "
            "score means: the same network with its initial weights, and targets shifted in time "
            "against the activations."});
  return section;
}

}  // namespace mambasynth::analysis::report
