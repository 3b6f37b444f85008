#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/document/rounding.hpp"
#include "analysis/report/long_tables.hpp"
#include "analysis/report/provenance.hpp"
#include "analysis/report/sections.hpp"

namespace mambasynth::analysis::report {
namespace {

/// More than in other tables: those who look for one trial search the page.
constexpr std::size_t most_trials = 500;

document::Cell value_cell(collate::CollatedTrial const& trial, std::vector<std::string> const& measures) {
  for (auto const& measure : measures)
    if (auto const value = value_of(trial, measure); !std::isnan(value))
      return document::Cell(document::Number{value, document::plain_number(value)});
  return {};
}

document::Cell seed_cell(std::string const& seed) {
  if (seed.empty()) return {};
  return document::Cell(document::Number{std::strtod(seed.c_str(), nullptr), seed});
}

}  // namespace

document::Section trials_section(Material const& material) {
  auto const& collation = material.chapter.collation;
  document::Section section{.title = "All trials", .label = material.label("trials")};
  document::Table table;
  table.label = material.label("trials");
  table.caption = "Every planned trial.";
  auto const left = document::Align::left;
  table.columns.push_back({.key = "trial", .title = "Trial", .align = left, .heads_row = true});
  for (auto const& axis : collation.table.axes)
    if (axis != collate::trial_axis) table.columns.push_back({.key = axis, .title = collate::short_key(axis)});
  table.columns.push_back({.key = "seed", .title = "Seed"});
  table.columns.push_back({.key = "state", .title = "State", .align = left});
  std::vector<collate::ShownMeasure> shown;
  for (auto const& column : collate::shown_measures(collation.table, collation.measures))
    if (!column.of_test_series) shown.push_back(column);
  for (auto const& column : shown) {
    auto const described = collate::describe(column.measures.front(), collation.table.labels);
    table.columns.push_back(
        {.key = described.name, .title = described.label, .words = described.label, .unit = described.unit});
  }
  table.columns.push_back({.key = "host", .title = "Host", .align = left});
  for (auto const& trial : collation.sweep.trials) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(trial.id);
    for (auto const& axis : collation.table.axes) {
      if (axis == collate::trial_axis) continue;
      auto const at = trial.axes.find(axis);
      row.push_back(at == trial.axes.end() ? document::Cell() : collate::axis_cell(at->second));
    }
    row.push_back(seed_cell(trial.seed));
    row.emplace_back(std::string(collate::state_of(trial)));
    for (auto const& column : shown) row.push_back(value_cell(trial, column.measures));
    auto const host = fact(trial, "host");
    row.push_back(host.empty() ? document::Cell() : document::Cell(host));
  }
  shorten(table, "trials.csv", most_trials);
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace mambasynth::analysis::report
