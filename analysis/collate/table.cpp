#include "analysis/collate/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "analysis/collate/measure.hpp"
#include "analysis/collate/measure_order.hpp"
#include "analysis/collate/swept_axis.hpp"
#include "analysis/collate/test_series.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "store/output_file.hpp"

namespace mambasynth::analysis::collate {

namespace {

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

/// Where the measures of all trials are among those of one; shared by trials that have the same ones.
class Places {
 public:
  static constexpr std::size_t nowhere = SIZE_MAX;
  explicit Places(std::shared_ptr<trial_file::MeasureNames const> all) : all_(std::move(all)) {
    for (auto const& name : all_->all()) bounds_.push_back(collate::describe(name).bounds);
  }

  [[nodiscard]] std::shared_ptr<trial_file::MeasureNames const> const& all() const { return all_; }
  [[nodiscard]] std::vector<statistics::Bounds> const& bounds() const { return bounds_; }
  std::vector<std::size_t> const& in(trial_file::Measures const& measures) {
    auto& places = known_[measures.names().get()];
    if (places.empty())
      for (auto const& name : all_->all()) places.push_back(measures.names()->find(name).value_or(nowhere));
    return places;
  }

 private:
  std::shared_ptr<trial_file::MeasureNames const> all_;
  std::vector<statistics::Bounds> bounds_;
  std::map<trial_file::MeasureNames const*, std::vector<std::size_t>> known_;
};

struct DoneTrial {
  std::string seed;
  std::vector<std::size_t> const& places;
  std::span<double const> values;
};

/// A measure over the done trials of a cell.
struct OfMeasure {
  std::int64_t trials = 0, finite = 0;  ///< that have it, and as a finite number
  Interval interval = {};
};

OfMeasure over_seeds(std::vector<DoneTrial> const& done, bool one_trial_a_seed, std::size_t measure,
                     statistics::Method method, statistics::Bounds const& bounds) {
  OfMeasure result;
  BySeed by_seed;
  std::vector<double> values;  // the same without looking for seeds, which most tables do not need
  for (auto const& trial : done) {
    auto const place = trial.places[measure];
    if (place == Places::nowhere) continue;
    auto const value = trial.values[place];
    ++result.trials;
    if (std::isfinite(value)) ++result.finite;
    if (!one_trial_a_seed) by_seed.add(trial.seed, value);
    else if (std::isfinite(value)) values.push_back(value);
  }
  if (result.finite > 0)
    result.interval = one_trial_a_seed ? interval_of(values, method, bounds) : by_seed.interval(method, bounds);
  return result;
}

Cell cell_of(std::map<std::string, std::string> const& axes, std::vector<CollatedTrial const*> const& trials,
             Places& places, statistics::Method method, std::vector<std::string>& warnings) {
  Cell cell;
  cell.axes = axes;
  cell.measures = MeasureIntervals(places.all());
  std::set<std::string> seeds;
  std::vector<CollatedTrial const*> done;
  std::vector<DoneTrial> values;
  for (auto const* trial : trials) {
    if (trial->outcome != Outcome::done) ++cell.lost[state_of(*trial)];
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
        done.push_back(trial);
        values.push_back({seed_of(*trial), places.in(trial->result->measures), trial->result->measures.values()});
        seeds.insert(values.back().seed);
    }
  }
  cell.seeds = static_cast<std::int64_t>(seeds.size());
  auto test_series = test_series_of(done);
  for (auto const& [name, interval] : test_series.measures) cell.of_test_series.emplace(name, interval);
  if (!test_series.shared)
    warnings.push_back(
        text_of(axes) +
        ": its trials were tested on different series. What the test series adds to the error is not given.");
  std::vector<std::string> partial, none;
  auto const& names = places.all()->all();
  for (std::size_t m = 0; m < names.size(); ++m) {
    auto const of_trials = over_seeds(values, seeds.size() == values.size(), m, method, places.bounds()[m]);
    if (of_trials.finite > 0) cell.measures.set(m, of_trials.interval);
    else if (of_trials.trials > 0) none.push_back(names[m]);
    if (of_trials.finite > 0 && of_trials.finite < cell.n)
      partial.push_back(fmt::format("{} ({})", names[m], of_trials.finite));
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
  std::vector<std::size_t> of_measure;
  for (auto const& measure : table.measures) {
    auto const at = std::find(kinds.begin(), kinds.end(), kind_of(measure));
    of_measure.push_back(static_cast<std::size_t>(at - kinds.begin()));
    if (at == kinds.end()) kinds.push_back(kind_of(measure));
  }
  for (auto const& cell : table.cells) {
    if (cell.n == 0 || !cell.undefined.empty()) continue;
    std::vector<bool> has(kinds.size());
    for (std::size_t m = 0; m < of_measure.size(); ++m)
      if (cell.measures.at_place(m)) has[of_measure[m]] = true;
    std::vector<std::string> lacking;
    for (std::size_t kind = 0; kind < kinds.size(); ++kind)
      if (!has[kind]) lacking.push_back(kinds[kind]);
    if (!lacking.empty())
      table.warnings.push_back(fmt::format("{}: {} {} not measured, other cells have {}.", text_of(cell.axes),
                                           listed(lacking), lacking.size() == 1 ? "was" : "were",
                                           lacking.size() == 1 ? "it" : "them"));
  }
}

plot::Labels labels_of(SweepFolder const& sweep) {
  bool const recording = std::any_of(sweep.trials.begin(), sweep.trials.end(), [](auto const& trial) {
    return trial.result && !trial.result->fact(trial_file::trial_layout::foreign_because).empty();
  });
  return recording ? plot::Labels::of_recording : plot::Labels::circles;
}

}  // namespace

Table tabulate(SweepFolder const& sweep, statistics::Method method) {
  Table table{.axes = sweep.axes,
              .measures = measures_in_order(sweep.trials),
              .cells = {},
              .warnings = {},
              .labels = labels_of(sweep)};
  std::map<std::map<std::string, std::string>, std::vector<CollatedTrial const*>> groups;
  std::vector<std::map<std::string, std::string>> order;
  for (auto const& trial : sweep.trials) {
    auto& group = groups[trial.axes];
    if (group.empty()) order.push_back(trial.axes);
    group.push_back(&trial);
  }
  Places places(trial_file::MeasureNames::of(table.measures));
  for (auto const& axes : order) {
    warn_of_doubles(axes, groups[axes], table.warnings);
    table.cells.push_back(cell_of(axes, groups[axes], places, method, table.warnings));
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
  for (auto const& axis : table.axes) values.push_back(value_of(cell, axis, document::nothing));
  return values.empty() ? "all trials" : fmt::format("{}", fmt::join(values, ", "));
}

std::string axes_title(Table const& table) {
  std::vector<std::string> names;
  for (auto const& axis : table.axes) names.push_back(brief_axis_words(axis));
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

std::optional<BySeed> pooled(SweepFolder const& sweep, std::string const& measure) {
  std::optional<BySeed> values;
  for (auto const& trial : sweep.trials) {
    if (trial.outcome != Outcome::done || !trial.result) continue;
    auto const value = trial.result->measures.find(measure);
    if (!value) continue;
    if (!values) values.emplace();
    values->add(seed_of(trial), *value);
  }
  return values;
}

void write_csv(Table const& table, std::filesystem::path const& file) {
  store::AtomicFile target(file);
  store::OutputFile out(target.temporary());
  std::vector<std::string> fields = table.axes;
  for (auto const* count : {"n", "n_missing", "n_failed", "n_diverged"}) fields.emplace_back(count);
  std::vector<bool> with_test_error;
  for (auto const& measure : table.measures) {
    for (auto const* part : {"_mean", "_sd", "_ci_low", "_ci_high"}) fields.push_back(measure + part);
    with_test_error.push_back(has_test_error(table, measure));
    if (with_test_error.back()) fields.push_back(measure + test_error_end);
  }
  out.write(store::csv::line(fields) + "\n");
  fmt::memory_buffer row;
  auto const add = [&](double value) {
    row.push_back(',');
    if (std::isfinite(value)) fmt::format_to(std::back_inserter(row), "{}", value);
  };
  for (auto const& cell : table.cells) {
    fields.clear();
    for (auto const& axis : table.axes) fields.push_back(value_of(cell, axis, ""));
    for (auto const count : {cell.n, cell.missing, cell.failed, cell.diverged})
      fields.push_back(fmt::format("{}", count));
    row.clear();
    row.append(store::csv::line(fields));
    for (std::size_t m = 0; m < table.measures.size(); ++m) {
      auto const* known = cell.measures.at_place(m);
      auto const interval = known ? *known : interval_of({});
      for (auto const value : {interval.mean, interval.sd, interval.low, interval.high}) add(value);
      if (!with_test_error[m]) continue;
      auto const blocks = cell.of_test_series.find(table.measures[m]);
      add(blocks == cell.of_test_series.end() ? std::nan("")
                                              : blocks->second.sd / std::sqrt(static_cast<double>(blocks->second.n)));
    }
    row.push_back('\n');
    out.write({row.data(), row.size()});
  }
  out.close();
  target.commit();
}

}  // namespace mambasynth::analysis::collate
