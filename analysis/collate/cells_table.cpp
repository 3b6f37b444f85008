#include "analysis/collate/cells_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/collate/markdown_cells.hpp"
#include "analysis/collate/shown_measures.hpp"

namespace mambasynth::analysis::collate {
namespace {

struct Count {
  char const* title;
  std::int64_t Cell::* of;
};

/// Columns for trials that are not done appear only if there are any.
std::vector<Count> counts_of(Table const& table) {
  std::vector<Count> counts{{"n", &Cell::n}};
  for (auto const& count :
       {Count{"missing", &Cell::missing}, Count{"failed", &Cell::failed}, Count{"diverged", &Cell::diverged}})
    if (std::any_of(table.cells.begin(), table.cells.end(), [&](auto const& cell) { return cell.*count.of > 0; }))
      counts.push_back(count);
  return counts;
}

/// What a cell without any result shows instead of numbers.
std::string no_result(Cell const& cell) {
  std::vector<char const*> words;
  if (cell.diverged > 0) words.push_back(name_of(Outcome::diverged));
  if (cell.failed > 0) words.push_back(name_of(Outcome::failed));
  if (cell.missing > 0) words.push_back(name_of(Outcome::missing));
  return fmt::format("{}", fmt::join(words, ", "));
}

Rows rows_of(Table const& table, std::vector<Count> const& counts, std::vector<ShownMeasure> const& shown) {
  Rows rows{table.axes};
  for (auto const& count : counts) rows.front().emplace_back(count.title);
  for (auto const& column : shown) rows.front().push_back(column.title);
  for (auto const& cell : table.cells) {
    auto& row = rows.emplace_back();
    for (auto const& axis : table.axes) row.push_back(escaped(value_of(cell, axis, nothing)));
    for (auto const& count : counts) row.push_back(fmt::format("{}", cell.*count.of));
    for (std::size_t c = 0; c < shown.size(); ++c) {
      if (auto const* interval = shown[c].of(cell))
        row.push_back(shown[c].of_test_series ? half_width(*interval) : text_of(*interval));
      else row.push_back(cell.n == 0 && c == 0 ? no_result(cell) : nothing);
    }
  }
  return rows;
}

/// Drops the sections of keys unless two keys would then be the same.
void shorten_keys(Rows& rows, std::vector<std::string> const& axes) {
  std::vector<std::string> keys;
  for (auto const& axis : axes) keys.push_back(axis.substr(axis.rfind('.') + 1));
  if (std::set<std::string>(keys.begin(), keys.end()).size() == keys.size())
    std::copy(keys.begin(), keys.end(), rows.front().begin());
}

/// Makes the table narrow enough; returns a note on what that cost.
std::string fit(Rows& rows, Table const& table, std::vector<Count> const& counts,
                std::vector<ShownMeasure> const& shown) {
  if (width_of(rows) <= most_columns) return {};
  auto axes = table.axes.size();
  shorten_keys(rows, table.axes);
  std::string cost;
  auto const dropped = drop_to_fit(rows, axes + counts.size() + std::min<std::size_t>(shown.size(), 1));
  if (dropped > 0) {
    std::vector<std::string> titles, names;
    for (auto column = shown.end() - static_cast<std::ptrdiff_t>(dropped); column != shown.end(); ++column) {
      titles.push_back(column->title);
      names.push_back(column->measures.front());
    }
    cost += wrapped(fmt::format("Left out for its width: {} (--measure {} shows {}).", fmt::join(titles, ", "),
                                fmt::join(names, ","), dropped == 1 ? "it" : "them"));
  }
  bool const shorter = shorten_to_fit(rows, axes);
  std::size_t gone = 0;
  for (; axes > 1 && width_of(rows) > most_columns; ++gone, --axes)
    for (auto& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(axes) - 1);
  if (gone > 0)
    cost += fmt::format("Left out for their width: the last {} of {} axes (table.csv holds all).\n", gone,
                        table.axes.size());
  else if (shorter) cost += "Axes are shortened (table.csv holds them whole).\n";
  return cost;
}

}  // namespace

std::string cells_table(Table const& table, std::vector<std::string> const& asked) {
  auto const shown = shown_measures(table, asked);
  auto const counts = counts_of(table);
  auto rows = rows_of(table, counts, shown);
  auto const cost = asked.empty() ? fit(rows, table, counts, shown) : std::string();
  return aligned(rows) + (cost.empty() ? "" : "\n" + cost);
}

}  // namespace mambasynth::analysis::collate
