#include "analysis/collate/collation.hpp"

#include <utility>

#include "analysis/collate/experiments.hpp"
#include "analysis/collate/shown_table.hpp"
#include "analysis/collate/sorted_cells.hpp"
#include "analysis/collate/where.hpp"
#include "streams/streams.hpp"

namespace mambasynth::analysis::collate {
namespace {

void warn(std::vector<std::string> const& warnings) {
  for (auto const& warning : warnings) streams::log("warning: {}\n", warning);
}

}  // namespace

Collation tabulated(std::vector<SweepFolder> folders, Options const& options) {
  auto sweep = merge(std::move(folders));
  unify_values(sweep);
  warn(std::exchange(sweep.warnings, {}));
  auto const of_measures = keep_trials(sweep, options.where);
  refuse_mixtures(sweep, options.allow_mixed);
  tell_experiments_apart(sweep, options.average_experiments);
  warn_of_environments(sweep);
  warn(sweep.warnings);
  auto table = tabulate(sweep, options.interval);
  if (!options.sort.empty()) sort_cells(table, options.sort);
  auto measures = shown_names(table, options, of_measures);
  warn(table.warnings);
  return {.sweep = std::move(sweep), .table = std::move(table), .measures = std::move(measures)};
}

void compare(Collation& collation) {
  collation.similarity = compare_trials(collation.table, collation.sweep);
  collation.differences = compare_with_baseline(collation.table, collation.sweep, collation.measures);
  collation.trends = dose_responses(collation.table, collation.sweep, collation.measures);
}

}  // namespace mambasynth::analysis::collate
