#include "analysis/collate/trials_csv.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "analysis/collate/measure_order.hpp"
#include "store/csv.hpp"

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

TrialsCsv::TrialsCsv(SweepFolder const& sweep, std::filesystem::path const& file)
    : target_(file),
      out_(target_.temporary()),
      axes_(axes_of_columns(sweep)),
      measures_(measures_in_order(sweep.trials)) {
  auto header = identity_columns(axes_);
  header.insert(header.end(), measures_.begin(), measures_.end());
  header.insert(header.end(), origin_columns.begin(), origin_columns.end());
  facts_ = facts_of(sweep, header);
  header.insert(header.end(), facts_.begin(), facts_.end());
  out_.write(store::csv::line(header) + "\n");
}

void TrialsCsv::add(CollatedTrial const& trial, ValueTexts const& values) {
  row_ = store::csv::line(identity_of(trial, axes_));
  Places const* known = nullptr;
  if (trial.result) {
    auto const* names = trial.result->measures.names().get();
    auto& of_names = places_[names];
    if (of_names.empty()) of_names = places_in(measures_, *names);
    known = &of_names;
  }
  for (std::size_t m = 0; m < measures_.size(); ++m) {
    row_ += ',';
    if (known && (*known)[m]) row_ += values[*(*known)[m]];
  }
  store::csv::Record source{trial.reason, trial.folder.string(), precision_of(trial)};
  if (trial.result) {
    auto const& from = trial.result->provenance;
    source.insert(source.end(), {from.device, from.git_commit, from.git_dirty ? "1" : "0", from.data_hash});
    for (auto const& fact : facts_) source.push_back(trial.result->fact(fact));
  }
  source.resize(origin_columns.size() + facts_.size());
  row_ += "," + store::csv::line(source) + "\n";
  out_.write(row_);
}

void TrialsCsv::commit() {
  out_.close();
  target_.commit();
}

}  // namespace mambasynth::analysis::collate
