#include "analysis/report/measure_tables.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/report/long_tables.hpp"
#include "analysis/report/wording.hpp"

namespace mambasynth::analysis::report {
namespace {

constexpr std::size_t most_columns = 6;

document::Cell cell_of(collate::Cell const& cell, std::string const& measure, document::Table& table) {
  auto const at = cell.measures.find(measure);
  if (at == cell.measures.end()) return {};
  return collate::estimate_cell(at->second, cell.seeds, table);
}

std::vector<NamedMeasure> present(collate::Table const& table, std::vector<NamedMeasure> const& measures) {
  std::vector<NamedMeasure> there;
  std::copy_if(measures.begin(), measures.end(), std::back_inserter(there), [&](auto const& measure) {
    return std::any_of(table.cells.begin(), table.cells.end(),
                       [&](auto const& cell) { return cell.measures.contains(measure.name); });
  });
  return there;
}

}  // namespace

document::Table measures_table(collate::Table const& table, std::string const& head,
                               std::vector<NamedMeasure> const& measures) {
  auto const shown = present(table, measures);
  document::Table result;
  if (shown.empty()) return result;
  if (table.cells.size() <= most_columns) {
    result.columns.push_back({.key = head, .title = head, .align = document::Align::left, .heads_row = true});
    for (std::size_t c = 0; c < table.cells.size(); ++c)
      result.columns.push_back({.key = setting(table, c), .title = setting(table, c)});
    for (auto const& measure : shown) {
      auto& row = result.rows.emplace_back();
      row.emplace_back(measure.words);
      for (auto const& cell : table.cells) row.push_back(cell_of(cell, measure.name, result));
    }
    return result;
  }
  for (auto const& axis : table.axes) result.columns.push_back({.key = axis, .title = axis, .heads_row = true});
  for (auto const& measure : shown) result.columns.push_back({.key = measure.name, .title = measure.words});
  for (auto const& cell : table.cells) {
    auto& row = result.rows.emplace_back();
    for (auto const& axis : table.axes)
      row.push_back(collate::axis_cell(collate::value_of(cell, axis, document::nothing)));
    for (auto const& measure : shown) row.push_back(cell_of(cell, measure.name, result));
  }
  shorten(result, "table.csv");
  return result;
}

std::vector<NamedMeasure> by_layer(collate::Table const& table, std::string const& prefix, std::string const& suffix) {
  std::vector<NamedMeasure> found;
  for (auto const& measure : table.measures) {
    if (!measure.starts_with(prefix) || !measure.ends_with(suffix) || measure.size() < prefix.size() + suffix.size())
      continue;
    auto const layer = measure.substr(prefix.size(), measure.size() - prefix.size() - suffix.size());
    if (!layer.empty() && layer.find('.') == std::string::npos) found.push_back({collate::layer_words(layer), measure});
  }
  return found;
}

}  // namespace mambasynth::analysis::report
