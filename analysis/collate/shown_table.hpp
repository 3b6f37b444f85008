#pragma once

#include <string>
#include <vector>

#include "analysis/collate/differences.hpp"
#include "analysis/collate/options.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/collate/where.hpp"
#include "analysis/document/table.hpp"

/// The table that the options ask for.
namespace mambasynth::analysis::collate {

/// The measures that --measure and the conditions of --where choose; empty: the usual ones. Errors: as in
/// chosen_measures and keep_measures.
std::vector<std::string> shown_names(Table const& table, Options const& options,
                                     std::vector<Condition> const& of_measures);

document::Table shown_table(Table const& table, Differences const& differences,
                            std::vector<std::string> const& measures, Options const& options);

/// For a terminal: the usual columns fit it, requested ones are all there.
document::Table fitted(document::Table shown, Table const& table, std::vector<std::string> const& measures,
                       Options const& options);

/// table.json and table.tex if requested; pivot.csv if --rows or --cols arranged the table.
void write_shown(document::Table const& shown, Options const& options);

}  // namespace mambasynth::analysis::collate
