#include "analysis/collate/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/test_series.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::collate {

namespace {

/// All measures; one that earlier trials lack is inserted after the one it follows in its own trial.
std::vector<std::string> union_of_measures(std::vector<CollatedTrial> const& trials) {
  std::vector<std::string> all;
  std::set<std::string> known;
  for (auto const& trial : trials) {
    if (!trial.result) continue;
    auto behind = all.begin();
    for (auto const& [name, value] : trial.result->measures) {
      if (known.insert(name).second) behind = all.insert(behind, name) + 1;
      else behind = std::find(all.begin(), all.end(), name) + 1;
    }
  }
  return all;
}

std::string text_of(std::map<std::string, std::string> const& axes) {
  std::vector<std::string> parts;
  for (auto const& [key, value] : axes) parts.push_back(key + " = " + value);
  return parts.empty() ? "the only cell" : fmt::format("{}", fmt::join(parts, ", "));
}

/// "a (1), b (2) and 3 more measures"
std::string listed(std::vector<std::string> const& measures) {
  constexpr std::size_t shown = 3;
  auto const named = std::min(shown, measures.size());
  auto text =
      fmt::format("{}", fmt::join(measures.begin(), measures.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  if (named < measures.size()) text += fmt::format(" and {} more measures", measures.size() - named);
  return text;
}

/// Two configurations can share axes and seed when folders of different sweeps are collated together.
void warn_of_doubles(std::map<std::string, std::string> const& axes, std::vector<CollatedTrial const*> const& trials,
                     std::vector<std::string>& warnings) {
  std::map<std::string, CollatedTrial const*> by_seed;
  for (auto const* trial : trials) {
    auto const [at, is_new] = by_seed.try_emplace(seed_of(*trial), trial);
    if (is_new) continue;
    auto const& first = *at->second;
    auto const why = first.seed == trial->seed
                         ? std::string("their configurations differ outside the axes")
                         : fmt::format("seed {} gives the same random numbers, generators take 32 bits", first.seed);
    warnings.push_back(
        fmt::format("{}, seed {}: trials {} and {} count as one, by their mean ({}). Collate the folders apart if they "
                    "should not be averaged.",
                    text_of(axes), trial->seed, first.id, trial->id, why));
  }
}

Cell cell_of(std::map<std::string, std::string> const& axes, std::vector<CollatedTrial const*> const& trials,
             statistics::Method method, std::vector<std::string>& warnings) {
  Cell cell;
  cell.axes = axes;
  std::map<std::string, BySeed> values;
  std::set<std::string> seeds;
  std::vector<CollatedTrial const*> done;
  for (auto const* trial : trials) {
    if (trial->outcome != Outcome::done) ++cell.lost[name_of(trial->outcome)];
    switch (trial->outcome) {
      case Outcome::missing:
        ++cell.missing;
        break;
      case Outcome::failed:
        ++cell.failed;
        break;
      case Outcome::diverged:
        ++cell.diverged;
        break;
      case Outcome::done:
        ++cell.n;
        seeds.insert(seed_of(*trial));
        done.push_back(trial);
        for (auto const& [name, value] : trial->result->measures) values[name].add(seed_of(*trial), value);
    }
  }
  cell.seeds = static_cast<std::int64_t>(seeds.size());
  auto test_series = test_series_of(done);
  cell.of_test_series = std::move(test_series.measures);
  if (!test_series.shared)
    warnings.push_back(
        text_of(axes) +
        ": its trials were tested on different series. What the test series adds to the error is not given.");
  std::vector<std::string> partial, none;
  for (auto const& [name, of_trials] : values) {
    if (of_trials.values() > 0) cell.measures.emplace(name, of_trials.interval(method, collate::describe(name).bounds));
    if (of_trials.values() == 0) none.push_back(name);
    else if (of_trials.values() < cell.n) partial.push_back(fmt::format("{} ({})", name, of_trials.values()));
  }
  if (!none.empty()) {
    cell.undefined.insert(none.begin(), none.end());
    warnings.push_back(fmt::format(
        "{}: {} no number of {} (NaN or infinite). The table shows none.", text_of(axes),
        cell.n == 1 ? "its only trial has" : fmt::format("all of its {} trials have", cell.n), listed(none)));
  }
  if (!partial.empty()) {
    warnings.push_back(
        fmt::format("{}: fewer than the {} trials have {} (not measured, NaN or infinite). Their means are over "
                    "those that have them.",
                    text_of(axes), cell.n, listed(partial)));
  }
  return cell;
}

/// "levina_bickel" of levina_bickel.layer_3.k30: cells may differ in their layers and horizons, not in what is
/// measured.
std::string kind_of(std::string const& measure) { return measure.substr(0, measure.find('.')); }

void warn_of_unmeasured(Table& table) {
  std::vector<std::string> kinds;
  for (auto const& measure : table.measures)
    if (auto kind = kind_of(measure); std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      kinds.push_back(std::move(kind));
  for (auto const& cell : table.cells) {
    if (cell.n == 0 || !cell.undefined.empty()) continue;
    std::set<std::string> has;
    for (auto const& [name, interval] : cell.measures) has.insert(kind_of(name));
    std::vector<std::string> lacking;
    std::copy_if(kinds.begin(), kinds.end(), std::back_inserter(lacking),
                 [&](auto const& kind) { return !has.contains(kind); });
    if (!lacking.empty())
      table.warnings.push_back(fmt::format("{}: {} {} not measured, other cells have {}.", text_of(cell.axes),
                                           listed(lacking), lacking.size() == 1 ? "was" : "were",
                                           lacking.size() == 1 ? "it" : "them"));
  }
}

}  // namespace

Table tabulate(SweepFolder const& sweep, statistics::Method method) {
  Table table{.axes = sweep.axes, .measures = union_of_measures(sweep.trials), .cells = {}, .warnings = {}};
  std::map<std::map<std::string, std::string>, std::vector<CollatedTrial const*>> groups;
  std::vector<std::map<std::string, std::string>> order;
  for (auto const& trial : sweep.trials) {
    auto& group = groups[trial.axes];
    if (group.empty()) order.push_back(trial.axes);
    group.push_back(&trial);
  }
  for (auto const& axes : order) {
    warn_of_doubles(axes, groups[axes], table.warnings);
    table.cells.push_back(cell_of(axes, groups[axes], method, table.warnings));
  }
  warn_of_unmeasured(table);
  return table;
}

std::string value_of(Cell const& cell, std::string const& axis, std::string const& otherwise) {
  auto const at = cell.axes.find(axis);
  return at == cell.axes.end() ? otherwise : at->second;
}

std::string name_of(Cell const& cell, Table const& table) {
  std::vector<std::string> values;
  for (auto const& axis : table.axes) values.push_back(value_of(cell, axis, "-"));
  return values.empty() ? "all trials" : fmt::format("{}", fmt::join(values, ", "));
}

std::string axes_title(Table const& table) {
  std::vector<std::string> names;
  for (auto const& axis : table.axes) names.push_back(axis.substr(axis.rfind('.') + 1));
  bool const distinct = std::set<std::string>(names.begin(), names.end()).size() == names.size();
  return fmt::format("{}", fmt::join(distinct ? names : table.axes, ", "));
}

bool has_measure(Table const& table, std::string const& measure) {
  return std::find(table.measures.begin(), table.measures.end(), measure) != table.measures.end();
}

bool has_test_error(Table const& table, std::string const& measure) {
  return std::any_of(table.cells.begin(), table.cells.end(),
                     [&](auto const& cell) { return cell.of_test_series.contains(measure); });
}

std::map<std::string, BySeed> pooled(SweepFolder const& sweep) {
  std::map<std::string, BySeed> values;
  for (auto const& trial : sweep.trials)
    if (trial.outcome == Outcome::done && trial.result)
      for (auto const& [name, value] : trial.result->measures) values[name].add(seed_of(trial), value);
  return values;
}

std::string to_csv(Table const& table) {
  std::vector<std::string> fields = table.axes;
  for (auto const* count : {"n", "n_missing", "n_failed", "n_diverged"}) fields.emplace_back(count);
  for (auto const& measure : table.measures) {
    for (auto const* part : {"_mean", "_sd", "_ci_low", "_ci_high"}) fields.push_back(measure + part);
    if (has_test_error(table, measure)) fields.push_back(measure + test_error_end);
  }
  auto text = store::csv::line(fields) + "\n";
  for (auto const& cell : table.cells) {
    fields.clear();
    for (auto const& axis : table.axes) fields.push_back(value_of(cell, axis, ""));
    for (auto const count : {cell.n, cell.missing, cell.failed, cell.diverged})
      fields.push_back(fmt::format("{}", count));
    for (auto const& measure : table.measures) {
      auto const at = cell.measures.find(measure);
      auto const interval = at == cell.measures.end() ? interval_of({}) : at->second;
      for (auto const value : {interval.mean, interval.sd, interval.low, interval.high})
        fields.push_back(store::csv::number(value));
      if (!has_test_error(table, measure)) continue;
      auto const blocks = cell.of_test_series.find(measure);
      fields.push_back(blocks == cell.of_test_series.end()
                           ? ""
                           : store::csv::number(blocks->second.sd / std::sqrt(static_cast<double>(blocks->second.n))));
    }
    text += store::csv::line(fields) + "\n";
  }
  return text;
}

}  // namespace mambasynth::analysis::collate
