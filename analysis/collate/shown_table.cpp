#include "analysis/collate/shown_table.hpp"

#include <algorithm>

#include "analysis/collate/cells_table.hpp"
#include "analysis/collate/chosen_measures.hpp"
#include "analysis/collate/pivot.hpp"
#include "analysis/collate/shown_measures.hpp"
#include "analysis/document/latex.hpp"
#include "analysis/document/table_csv.hpp"
#include "analysis/document/table_json.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::analysis::collate {

std::vector<std::string> shown_names(Table const& table, Options const& options,
                                     std::vector<Condition> const& of_measures) {
  auto const chosen = chosen_measures(table, options.measures);
  if (of_measures.empty()) return chosen;
  return keep_measures(chosen.empty() ? table.measures : chosen, of_measures);
}

document::Table shown_table(Table const& table, Differences const& differences,
                            std::vector<std::string> const& measures, Options const& options) {
  document::Table shown;
  if (options.pivots()) {
    auto names = measures;
    if (names.empty())  // the usual ones, in the pivot's order
      for (auto const& column : shown_measures(table, {}))
        for (auto const& name : column.measures)
          if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    shown = pivot(table, names, options.arrangement, options.shows);
  } else {
    shown = cells_table(table, differences, measures, options.shows);
  }
  shown.label = "cells";
  return shown;
}

document::Table fitted(document::Table shown, Table const& table, std::vector<std::string> const& measures,
                       Options const& options) {
  if (measures.empty() && !options.pivots()) fit_cells(shown, table);
  return shown;
}

void write_shown(document::Table const& shown, Options const& options) {
  if (options.csv && options.pivots()) store::write_atomically(options.out / "pivot.csv", document::to_csv(shown));
  if (options.json) store::write_atomically(options.out / "table.json", document::to_json(shown));
  if (options.latex) store::write_atomically(options.out / "table.tex", document::to_latex(document::Block(shown)));
}

}  // namespace mambasynth::analysis::collate
