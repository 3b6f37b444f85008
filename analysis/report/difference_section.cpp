#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/collate/cells_table.hpp"
#include "analysis/collate/configuration.hpp"
#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/report/long_tables.hpp"
#include "analysis/report/sections.hpp"
#include "analysis/report/wording.hpp"

namespace mambasynth::analysis::report {
namespace {

/// Measures in words, and not more rows than a reader looks at.
document::Table for_print(document::Table table, std::vector<std::string> const& axes, plot::Labels labels) {
  auto const is_axis = [&](std::string const& key) { return std::find(axes.begin(), axes.end(), key) != axes.end(); };
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    auto& column = table.columns[c];
    if (is_axis(column.key)) column.words = axis_title(column.key);
    if (column.key != "measure") continue;
    column.align = document::Align::left;
    column.title = "Measure";
    for (auto& row : table.rows)
      if (auto* name = std::get_if<std::string>(&row[c].value))
        *name = label_with_unit(collate::describe(*name, labels));
  }
  shorten(table, "differences.csv");
  return table;
}

/// "0.80 [0.40, 1.00]"
document::Cell correlation_cell(statistics::Trend const& trend) {
  if (std::isnan(trend.spearman)) return {};
  auto text = fmt::format("{:.2f}", trend.spearman);
  if (!std::isnan(trend.spearman_low))
    text += fmt::format(" [{:.2f}, {:.2f}]", trend.spearman_low, trend.spearman_high);
  return document::Cell(document::Number{trend.spearman, std::move(text)});
}

/// "along d_state, at gate_lr_factor = 1"
std::string along(collate::DoseResponse const& response) {
  auto words = axis_phrase(response.axis);
  for (auto const& [axis, value] : response.at)
    words += fmt::format(", {} = {}", collate::short_key(axis), value_phrase(value));
  return words;
}

document::Table trends_table(std::vector<collate::DoseResponse> const& trends, plot::Labels labels) {
  document::Table table;
  table.columns = {{.key = "axis", .title = "Axis", .align = document::Align::left, .heads_row = true},
                   {.key = "measure", .title = "Measure", .align = document::Align::left, .heads_row = true},
                   {.key = "slope", .title = "Slope"},
                   {.key = "per", .title = "Per", .align = document::Align::left},
                   {.key = "spearman", .title = "Spearman's rank correlation over cells"}};
  bool apart = false;
  for (auto const& response : trends) {
    auto const& trend = response.trend;
    auto& row = table.rows.emplace_back();
    row.emplace_back(along(response));
    row.emplace_back(label_with_unit(collate::describe(response.measure, labels)));
    row.push_back(trend.slope.n > 0 ? collate::estimate_cell(trend.slope, 0, table) : document::Cell());
    row.emplace_back(trend.scale.logarithmic ? "factor of ten" : "unit");
    row.push_back(correlation_cell(trend));
    apart = apart || !trend.scale.apart.empty();
  }
  if (apart)
    table.notes.push_back(
        {"", "0 has no place on a logarithmic scale: slopes leave it out, rank correlations include it."});
  shorten(table, "trends.csv");
  return table;
}

}  // namespace

document::Section difference_section(Material const& material) {
  auto const& collation = material.chapter.collation;
  document::Section section{.title = "Differences to the baseline and dose response",
                            .label = material.label("differences")};
  if (!collation.differences.note.empty()) section.blocks.emplace_back(document::Paragraph{collation.differences.note});
  append(section.blocks, figures_named(material, "sweep_differences"));
  auto table = for_print(collate::differences_table(collation.table, collation.differences), collation.table.axes,
                         collation.table.labels);
  if (!table.rows.empty()) {
    table.label = material.label("differences");
    table.caption =
        "Differences to the baseline, paired by seed, with 95 % confidence intervals (not adjusted for the number of "
        "comparisons).";
    section.blocks.emplace_back(std::move(table));
  }
  if (!collation.trends.empty()) {
    auto trends = trends_table(collation.trends, collation.table.labels);
    trends.label = material.label("trends");
    trends.caption =
        "Dose response: least-squares slope of each seed, averaged over seeds with its 95 % confidence interval; "
        "correlation with its 95 % bootstrap interval over seeds.";
    section.blocks.emplace_back(std::move(trends));
  }
  return section;
}

}  // namespace mambasynth::analysis::report
