#include "analysis/collate/sorted_cells.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/collate/key_names.hpp"
#include "analysis/collate/numbers.hpp"

namespace mambasynth::analysis::collate {
namespace {

struct Key {
  std::optional<double> number;
  std::optional<std::string> text;

  [[nodiscard]] bool empty() const { return !number && !text; }
};

Key key_of(Cell const& cell, std::string const& name, bool is_axis) {
  if (is_axis) {
    auto const at = cell.axes.find(name);
    if (at == cell.axes.end()) return {};
    return {parsed_number(at->second), at->second};
  }
  auto const at = cell.measures.find(name);
  return at == cell.measures.end() || !std::isfinite(at->second.mean) ? Key{} : Key{at->second.mean, std::nullopt};
}

bool before(Key const& a, Key const& b) {
  if (a.number && b.number) return *a.number < *b.number;
  if (a.number.has_value() != b.number.has_value()) return a.number.has_value();  // numbers before words
  return a.text < b.text;
}

}  // namespace

void sort_cells(Table& table, std::string const& by) {
  bool const descending = by.starts_with('-');
  std::vector<std::string> known = table.axes;
  known.insert(known.end(), table.measures.begin(), table.measures.end());
  auto const name = known_name("--sort", descending ? by.substr(1) : by, known);
  bool const is_axis = std::find(table.axes.begin(), table.axes.end(), name) != table.axes.end();
  std::vector<std::pair<Key, Cell>> keyed;
  for (auto& cell : table.cells) {
    auto key = key_of(cell, name, is_axis);
    keyed.emplace_back(std::move(key), std::move(cell));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](auto const& a, auto const& b) {
    if (a.first.empty() || b.first.empty()) return !a.first.empty() && b.first.empty();
    return descending ? before(b.first, a.first) : before(a.first, b.first);
  });
  table.cells.clear();
  for (auto& [key, cell] : keyed) table.cells.push_back(std::move(cell));
}

}  // namespace mambasynth::analysis::collate
