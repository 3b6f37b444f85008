#include "analysis/collate/trials_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "analysis/collate/measure_order.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "store/output_file.hpp"

namespace mambasynth::analysis::collate {
namespace {

using trial_file::MeasureNames;

/// Where a row comes from, before the other attributes of /provenance.
constexpr std::array origin_columns{"reason", "folder", "precision", "device", "git_commit", "git_dirty", "data_hash"};

/// Where each column finds its value in trials with these measures.
std::vector<std::optional<std::size_t>> places_in(std::vector<std::string> const& columns, MeasureNames const& names) {
  std::vector<std::optional<std::size_t>> places;
  for (auto const& column : columns) places.push_back(names.find(column));
  return places;
}

/// In the order of the files; without those that are columns already.
std::vector<std::string> facts_of(SweepFolder const& sweep, std::vector<std::string> const& taken) {
  std::set<std::string> known(taken.begin(), taken.end());
  std::vector<std::string> all;
  for (auto const& trial : sweep.trials)
    if (trial.result)
      for (auto const& [name, value] : trial.result->facts)
        if (known.insert(name).second) all.push_back(name);
  return all;
}

std::string precision_of(CollatedTrial const& trial) {
  return trial.configuration ? value_of(*trial.configuration, "train.precision").written : std::string();
}

}  // namespace

std::vector<std::string> axes_of_columns(SweepFolder const& sweep) {
  auto axes = sweep.axes;
  std::erase(axes, trial_axis);
  return axes;
}

std::string axis_value(CollatedTrial const& trial, std::string const& axis) {
  auto const at = trial.axes.find(axis);
  return at == trial.axes.end() ? std::string() : at->second;
}

store::csv::Record identity_columns(std::vector<std::string> const& axes) {
  store::csv::Record columns{"trial"};
  columns.insert(columns.end(), axes.begin(), axes.end());
  columns.insert(columns.end(), {"seed", "state"});
  return columns;
}

store::csv::Record identity_of(CollatedTrial const& trial, std::vector<std::string> const& axes) {
  store::csv::Record identity{trial.id};
  for (auto const& axis : axes) identity.push_back(axis_value(trial, axis));
  identity.insert(identity.end(), {trial.seed, state_of(trial)});
  return identity;
}

void write_trials_csv(SweepFolder const& sweep, std::filesystem::path const& file) {
  store::AtomicFile target(file);
  store::OutputFile out(target.temporary());
  auto const axes = axes_of_columns(sweep);
  auto const measures = measures_in_order(sweep.trials);
  auto header = identity_columns(axes);
  header.insert(header.end(), measures.begin(), measures.end());
  header.insert(header.end(), origin_columns.begin(), origin_columns.end());
  auto const facts = facts_of(sweep, header);
  header.insert(header.end(), facts.begin(), facts.end());
  out.write(store::csv::line(header) + "\n");

  std::map<MeasureNames const*, std::vector<std::optional<std::size_t>>> places;
  fmt::memory_buffer row;
  for (auto const& trial : sweep.trials) {
    row.clear();
    row.append(store::csv::line(identity_of(trial, axes)));
    std::vector<std::optional<std::size_t>> const* known = nullptr;
    if (trial.result) {
      auto const* names = trial.result->measures.names().get();
      auto& of_names = places[names];
      if (of_names.empty()) of_names = places_in(measures, *names);
      known = &of_names;
    }
    for (std::size_t m = 0; m < measures.size(); ++m) {
      row.push_back(',');
      if (!known || !(*known)[m]) continue;
      auto const value = trial.result->measures.values()[*(*known)[m]];
      if (std::isfinite(value)) fmt::format_to(std::back_inserter(row), "{}", value);
    }
    store::csv::Record source{trial.reason, trial.folder.string(), precision_of(trial)};
    if (trial.result) {
      auto const& from = trial.result->provenance;
      source.insert(source.end(), {from.device, from.git_commit, from.git_dirty ? "1" : "0", from.data_hash});
      for (auto const& fact : facts) source.push_back(trial.result->fact(fact));
    }
    source.resize(origin_columns.size() + facts.size());
    row.push_back(',');
    row.append(store::csv::line(source));
    row.push_back('\n');
    out.write({row.data(), row.size()});
  }
  out.close();
  target.commit();
}

}  // namespace mambasynth::analysis::collate
