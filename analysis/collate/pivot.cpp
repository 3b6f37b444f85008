#include "analysis/collate/pivot.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "analysis/collate/estimate_cells.hpp"
#include "analysis/collate/key_names.hpp"
#include "analysis/collate/measure.hpp"
#include "analysis/collate/where.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::collate {
namespace {

using KeyValues = std::vector<std::string>;  ///< of dimensions, in their order

/// The rows or columns of a pivot, in the order of their first appearance.
class Keys {
 public:
  std::size_t place_of(KeyValues const& values) {
    auto const [at, is_new] = places_.try_emplace(values, all_.size());
    if (is_new) all_.push_back(values);
    return at->second;
  }
  [[nodiscard]] std::vector<KeyValues> const& all() const { return all_; }

 private:
  std::map<KeyValues, std::size_t> places_;
  std::vector<KeyValues> all_;
};

bool is_axis(Table const& table, std::string const& name) {
  return std::find(table.axes.begin(), table.axes.end(), name) != table.axes.end();
}

std::vector<std::string> resolved(std::string const& flag, std::vector<std::string> const& names, Table const& table) {
  std::vector<std::string> known = table.axes;
  known.insert(known.end(), parts_of_measures().begin(), parts_of_measures().end());
  std::vector<std::string> all;
  for (auto const& name : names) {
    auto full = known_name(flag, name, known);
    if (std::find(all.begin(), all.end(), full) == all.end()) all.push_back(std::move(full));
  }
  return all;
}

/// Adds what neither names although its values differ.
Arrangement completed(Arrangement const& named, Table const& table, std::vector<std::string> const& measures) {
  Arrangement all{resolved("--rows", named.rows, table), resolved("--cols", named.cols, table)};
  for (auto const& name : all.rows)
    if (std::find(all.cols.begin(), all.cols.end(), name) != all.cols.end())
      throw errors::usage(fmt::format("'{}' stands in --rows and in --cols", name), "a value has one place",
                          "Name it once");
  auto const named_already = [&](std::string const& name) {
    return std::find(all.rows.begin(), all.rows.end(), name) != all.rows.end() ||
           std::find(all.cols.begin(), all.cols.end(), name) != all.cols.end();
  };
  for (auto const& axis : table.axes) {
    std::set<std::string> values;
    for (auto const& cell : table.cells) values.insert(value_of(cell, axis, ""));
    if (values.size() > 1 && !named_already(axis)) all.rows.push_back(axis);
  }
  // `measure` already tells apart estimator and control.
  for (auto const* part : {"measure", "target", "layer", "horizon", "k", "n1"}) {
    std::set<std::string> values;
    for (auto const& measure : measures) values.insert(part_of(measure, part));
    if (values.size() > 1 && !named_already(part)) all.cols.push_back(part);
  }
  return all;
}

/// "layer_3", "k = 30", "gate_lr_factor = 0.1"
std::string title_of(std::string const& name, std::string const& value) {
  if (value.empty()) return {};
  bool const speaks =
      name == "measure" || name == "layer" || name == "target" || name == "estimator" || name == "control";
  return speaks ? value : fmt::format("{} = {}", short_key(name), value);
}

document::Column column_of(std::vector<std::string> const& names, KeyValues const& values, std::string const& otherwise,
                           document::Shows const& shows) {
  std::vector<std::string> titles, keys;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (auto title = title_of(names[i], values[i]); !title.empty()) titles.push_back(std::move(title));
    if (!values[i].empty()) keys.push_back(names[i] + "=" + values[i]);
  }
  document::Column column;
  column.title = titles.empty() ? otherwise : fmt::format("{}", fmt::join(titles, ", "));
  column.key = keys.empty() ? otherwise : fmt::format("{}", fmt::join(keys, ","));
  column.shows = shows;
  return column;
}

}  // namespace

document::Table pivot(Table const& table, std::vector<std::string> const& measures, Arrangement const& arrangement,
                      document::Shows const& shows) {
  auto const [row_names, col_names] = completed(arrangement, table, measures);
  std::map<std::string, std::map<std::string, std::string>> parts;  // of each measure; many cells share it
  for (auto const& measure : measures)
    for (auto const& part : parts_of_measures()) parts[measure].emplace(part, part_of(measure, part));
  Keys rows, cols;
  document::Table result;
  std::map<std::pair<std::size_t, std::size_t>, document::Cell> cells;
  for (auto const& measure : measures)  // columns in the measures' order
    for (auto const& cell : table.cells) {
      auto const values_of = [&](std::vector<std::string> const& names) {
        KeyValues values;
        for (auto const& name : names)
          values.push_back(is_axis(table, name) ? value_of(cell, name, "") : parts[measure].at(name));
        return values;
      };
      auto const at = cell.measures.find(measure);
      if (at == cell.measures.end() && cell.n > 0 && !cell.undefined.contains(measure)) continue;  // has no such layer
      auto const place = std::pair(rows.place_of(values_of(row_names)), cols.place_of(values_of(col_names)));
      if (at != cell.measures.end()) cells[place] = estimate_cell(at->second, cell.seeds + cell.gaps(), result);
    }
  for (auto const& name : row_names)
    result.columns.push_back({.key = name, .title = name, .fit = document::Fit::shorten, .heads_row = true});
  auto const otherwise = measures.size() == 1 ? measures.front() : std::string("value");
  for (auto const& values : cols.all()) result.columns.push_back(column_of(col_names, values, otherwise, shows));
  for (std::size_t r = 0; r < rows.all().size(); ++r) {
    auto& row = result.rows.emplace_back();
    for (auto const& value : rows.all()[r]) row.push_back(value.empty() ? document::Cell() : axis_cell(value));
    for (std::size_t c = 0; c < cols.all().size(); ++c) {
      auto const at = cells.find({r, c});
      row.push_back(at == cells.end() ? document::Cell() : at->second);
    }
  }
  return result;
}

}  // namespace mambasynth::analysis::collate
