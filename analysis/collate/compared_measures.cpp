#include "analysis/collate/compared_measures.hpp"

#include <algorithm>

#include "analysis/collate/sweep_design.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// Cells may differ in their last layer, so a column may stand for several measures.
std::vector<std::string> names_of(ShownMeasure const& column, Table const& table) {
  std::vector<std::string> names;
  for (auto const& cell : table.cells)
    for (auto const& name : column.measures)
      if (cell.measures.contains(name)) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        break;
      }
  return names;
}

BySeed values_of(std::string const& name, std::vector<CollatedTrial const*> const& trials) {
  BySeed values;
  for (auto const* trial : trials) {
    if (trial->outcome != Outcome::done || !trial->result) continue;
    if (auto const value = trial->result->measures.find(name)) values.add(seed_of(*trial), *value);
  }
  return values;
}

}  // namespace

std::vector<ComparedMeasure> shown_values(Table const& table, SweepFolder const& sweep,
                                          std::vector<std::string> const& asked) {
  auto const trials = trials_of_cells(table, sweep);
  std::vector<ComparedMeasure> measures;
  for (auto const& column : shown_measures(table, asked)) {
    if (column.of_test_series) continue;
    for (auto const& name : names_of(column, table)) {
      auto& measure = measures.emplace_back(ComparedMeasure{name, {}});
      for (auto const& of_cell : trials) measure.of_cell.push_back(values_of(name, of_cell).of_seeds());
    }
  }
  return measures;
}

}  // namespace mambasynth::analysis::collate
