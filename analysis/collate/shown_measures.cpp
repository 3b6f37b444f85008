#include "analysis/collate/shown_measures.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/shown_dimension.hpp"

namespace mambasynth::analysis::collate {
Interval const* ShownMeasure::of(Cell const& cell) const {
  auto const& known = of_test_series ? cell.of_test_series : cell.measures;
  for (auto const& measure : measures) {
    if (cell.undefined.contains(measure)) return nullptr;
    if (auto const at = known.find(measure); at != known.end()) return &at->second;
  }
  return nullptr;
}

std::vector<ShownMeasure> shown_measures(Table const& table, std::vector<std::string> const& asked) {
  std::vector<ShownMeasure> columns;
  auto const add = [&](std::string const& title, std::string const& measure) {
    columns.push_back({title, {measure}});
    if (has_test_error(table, measure)) columns.push_back({test_error_title, {measure}, true});
  };
  if (!asked.empty() && !table.measures.empty()) {
    for (auto const& name : asked) {
      if (std::none_of(columns.begin(), columns.end(), [&](auto const& column) { return column.title == name; }))
        add(name, name);
    }
    return columns;
  }
  if (has_measure(table, "test_mse")) add("test MSE", "test_mse");
  else if (has_measure(table, "val_mse")) add("val MSE", "val_mse");
  if (has_measure(table, "excess_mse.h1")) add("excess MSE h1", "excess_mse.h1");
  if (auto last = last_layer_dimension(table)) columns.push_back(std::move(last->shown));
  if (has_measure(table, "seconds")) add("seconds", "seconds");
  return columns;
}

bool shows_gap(Table const& table, std::vector<std::string> const& asked) {
  // If no cell has a value, the table does not have the column at all.
  std::set<std::string> expected{"train_mse", "val_mse", "test_mse", "excess_mse.h1"};
  for (auto const& column : shown_measures(table, asked))
    expected.insert(column.measures.begin(), column.measures.end());
  return std::any_of(table.cells.begin(), table.cells.end(), [&](auto const& cell) {
    return std::any_of(cell.undefined.begin(), cell.undefined.end(), [&](auto const& measure) {
      auto const dimension = parse_dimension(measure);
      bool const shown = !dimension.k.empty() && dimension.k == shown_k(table);
      return expected.contains(measure) || shown;
    });
  });
}

std::optional<LastLayer> last_layer_dimension(Table const& table) {
  auto const k = shown_k(table);
  LastLayer last{.layer = "last layer", .shown = {}};
  auto& measures = last.shown.measures;
  for (auto const& measure : table.measures)
    if (auto const name = parse_dimension(measure); !name.k.empty() && name.k == k && name.layer.starts_with("layer_"))
      measures.insert(measures.begin(), measure);
  if (measures.empty()) return std::nullopt;
  std::set<std::string_view> layers;
  for (auto const& cell : table.cells) {
    auto const at = std::find_if(measures.begin(), measures.end(),
                                 [&](auto const& measure) { return cell.measures.contains(measure); });
    if (at != measures.end()) layers.insert(parse_dimension(*at).layer);
  }
  if (layers.size() == 1) last.layer = *layers.begin();
  last.shown.title = "ID " + layer_words(last.layer);
  return last;
}

std::optional<double> shared_optimum(Table const& table) {
  std::vector<double> optima;
  for (auto const& cell : table.cells)
    if (auto const at = cell.measures.find("bayes_mse.h1"); at != cell.measures.end())
      optima.push_back(at->second.mean);
  if (optima.empty()) return std::nullopt;
  auto const [least, most] = std::minmax_element(optima.begin(), optima.end());
  constexpr double rounding = 1e-9;  // of a mean of equal numbers
  return *most - *least <= rounding * std::abs(*least) ? std::optional(*least) : std::nullopt;
}

}  // namespace mambasynth::analysis::collate
