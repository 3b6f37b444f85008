#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/collate/table.hpp"
#include "analysis/document/table.hpp"

namespace mambasynth::analysis::report {

/// A measure of a table, and the words for its row.
struct NamedMeasure {
  std::string words, name;
};

/// One row for each measure and one column for each cell; with many cells, the other way around. `head`: the title of
/// the measures' words. Measures that no cell has are left out.
document::Table measures_table(collate::Table const& table, std::string const& head,
                               std::vector<NamedMeasure> const& measures);

/// The measures "PREFIXlayer_3SUFFIX" of every layer, in the table's order.
std::vector<NamedMeasure> by_layer(collate::Table const& table, std::string const& prefix,
                                   std::string const& suffix = {});

}  // namespace mambasynth::analysis::report
