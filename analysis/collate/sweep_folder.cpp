#include "analysis/collate/sweep_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>
#include <unordered_map>
#include <utility>

#include "analysis/collate/ledger.hpp"
#include "analysis/collate/reading_processes.hpp"
#include "analysis/collate/trial_lookup.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "store/folder_name.hpp"

namespace mambasynth::analysis::collate {

namespace {

namespace fs = std::filesystem;

errors::Error no_plan(fs::path const& file, std::string const& why) {
  return errors::input(file.string() + " is not the plan of a sweep", why,
                       "Run `mambasynth sweep` on the folder again: it rewrites the plan and keeps finished trials");
}

/// Trials whose plan rows are gone, e.g. after the sweep file lost a value.
void warn_of_strays(fs::path const& folder, SweepFolder const& found, std::vector<std::string>& warnings) {
  std::set<std::string> planned;
  for (auto const& trial : found.trials) planned.insert(trial.id);
  std::vector<std::string> strays;
  std::error_code failed;
  for (fs::directory_iterator entry(folder / "trials", failed), end; !failed && entry != end; entry.increment(failed)) {
    auto const name = entry->path().filename().string();
    if (!planned.contains(name) && is_there(entry->path() / "trial.h5")) strays.push_back(name);
  }
  if (strays.empty()) return;
  std::sort(strays.begin(), strays.end());
  warnings.push_back(
      fmt::format("{} in {} left out (not in its plan.csv, e.g. {}). Collate them with the plan that they belong to.",
                  strays.size() == 1 ? "1 trial" : fmt::format("{} trials", strays.size()),
                  (folder / "trials").string(), strays.front()));
}

/// The first line of sweep.toml says whether the folder is a part.
std::optional<Part> part_in(std::string const& text) {
  Part part;
  auto const end = std::min(text.find('\n'), text.size());
  if (std::sscanf(text.substr(0, end).c_str(), "# part %ld of %ld", &part.number, &part.of) != 2 || part.number < 1 ||
      part.number > part.of)
    return std::nullopt;
  part.sweep = text.substr(end);
  return part;
}

/// The planned configurations of trials that have not run: one for each cell.
class PlannedConfigurations {
 public:
  explicit PlannedConfigurations(std::optional<Configuration> base) : base_(std::move(base)) {}
  std::shared_ptr<Configuration const> at(std::map<std::string, std::string> const& axes) {
    if (!base_) return {};
    auto& known = of_cells_[axes];
    if (known) return known;
    auto configuration = *base_;
    for (auto const& [key, value] : axes) configuration[key] = {canonical_of(key, value), value};
    return known = std::make_shared<Configuration const>(std::move(configuration));
  }

 private:
  std::optional<Configuration> base_;
  std::map<std::map<std::string, std::string>, std::shared_ptr<Configuration const>> of_cells_;
};

SweepFolder read_sweep(fs::path const& folder) {
  auto const plan = folder / "plan.csv";
  auto const records = store::csv::parse(store::read_text(plan), plan.string());
  if (records.empty() || records[0].empty() || records[0][0] != "id")
    throw no_plan(plan, "its first column is not `id`");
  auto const& header = records[0];
  auto const seed = std::find(header.begin(), header.end(), "seed");
  if (seed == header.end()) throw no_plan(plan, "it has no column `seed`");
  if (records.size() == 1) throw no_plan(plan, "it holds no trial");

  SweepFolder found;
  std::optional<Configuration> base;
  if (auto const file = folder / "sweep.toml"; is_there(file)) try {
      auto const& text = found.sweep_toml[folder] = store::read_text(file);
      base = read_configuration(text);
      if (auto part = part_in(text)) found.parts.push_back(std::move(*part));
    } catch (errors::Error const& error) {  // results contain their own configuration
      found.warnings.push_back(
          fmt::format("{} cannot be read ({}). What trials without a result were to be is not known, nor whether parts "
                      "of the sweep are missing.",
                      file.string(), error.why()));
    }
  found.axes.assign(header.begin() + 1, seed);
  auto const seed_column = found.axes.size() + 1;
  std::vector<fs::path> folders;
  for (std::size_t line = 1; line < records.size(); ++line) {
    auto const& record = records[line];
    if (record.size() != header.size()) {
      throw no_plan(plan,
                    fmt::format("record {} has {} fields, the header {}", line + 1, record.size(), header.size()));
    }
    if (!store::can_name_folder(record[0]))
      throw no_plan(plan, fmt::format("record {} does not begin with the ID of a trial", line + 1));
    CollatedTrial trial;
    trial.id = record[0];
    trial.seed = record[seed_column];
    for (std::size_t a = 0; a < found.axes.size(); ++a) trial.axes[found.axes[a]] = record[a + 1];
    trial.folder = folder;
    folders.push_back(folder / "trials" / trial.id);
    found.trials.push_back(std::move(trial));
  }
  look_up_all(found.trials, folders, found.warnings);
  apply_ledger(folder, found.trials);
  PlannedConfigurations planned(std::move(base));
  for (auto& trial : found.trials)
    if (!trial.configuration) trial.configuration = planned.at(trial.axes);
  warn_of_strays(folder, found, found.warnings);
  return found;
}

/// A trial may have several results, from another computer or version of the program or with other rows measured; only
/// one is used.
bool same_numbers(CollatedTrial const& a, CollatedTrial const& b) {
  if (!a.result || !b.result) return true;
  auto const &all = a.result->measures, &others = b.result->measures;
  if (all.names() != others.names()) return false;
  auto const values = all.values(), other_values = others.values();
  auto const seconds = all.names()->find("seconds");
  for (std::size_t i = 0; i < values.size(); ++i)
    if (i != seconds && values[i] != other_values[i] && !(std::isnan(values[i]) && std::isnan(other_values[i])))
      return false;
  return true;
}

void warn_of_missing_parts(SweepFolder& all) {
  std::map<std::pair<std::string, std::int64_t>, std::set<std::int64_t>> there;
  for (auto const& part : all.parts) there[{part.sweep, part.of}].insert(part.number);
  for (auto const& [sweep, numbers] : there) {
    auto const absent = sweep.second - static_cast<std::int64_t>(numbers.size());
    if (absent <= 0) continue;
    constexpr std::size_t shown = 10;  // the number of parts is up to the user
    std::vector<std::int64_t> missing;
    for (std::int64_t number = 1; number <= sweep.second && missing.size() < shown; ++number)
      if (!numbers.contains(number)) missing.push_back(number);
    auto const more = absent - static_cast<std::int64_t>(missing.size());
    all.incomplete = true;
    all.warnings.push_back(fmt::format(
        "of a sweep in {} parts, {} {}{} {} not there, and its trials are not counted. Name the folders of all parts.",
        sweep.second, absent == 1 ? "part" : "parts", fmt::join(missing, ", "),
        more > 0 ? fmt::format(" and {} more", more) : "", absent == 1 ? "is" : "are"));
  }
}

}  // namespace

char const* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::diverged:
      return "diverged";
    case Outcome::failed:
      return "failed";
    case Outcome::missing:
      return "missing";
  }
  return "";
}

char const* state_of(CollatedTrial const& trial) {
  if (trial.outcome == Outcome::failed && trial.timed_out) return "timed_out";
  if (trial.outcome == Outcome::missing) return trial.running ? "running" : "waiting";
  return name_of(trial.outcome);
}

std::string seed_of(CollatedTrial const& trial) {
  if (trial.seed.empty()) return trial.id;
  std::int64_t seed = 0;
  auto const last = trial.seed.data() + trial.seed.size();
  auto const [end, error] = std::from_chars(trial.seed.data(), last, seed);
  return error == std::errc{} && end == last ? std::to_string(static_cast<std::uint32_t>(seed)) : trial.seed;
}

SweepFolder read_folder(fs::path const& folder) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    throw errors::input(folder.string() + " is not a folder", failed ? failed.message() : "it is something else",
                        "Name the folder that `mambasynth sweep --out` or `mambasynth train --out` wrote");
  }
  if (is_there(folder / "plan.csv")) return read_sweep(folder);
  if (!is_there(folder / "trial.h5") && !is_there(folder / "failure.json")) {
    throw errors::input(folder.string() + " holds no readable trial", "neither plan.csv nor trial.h5 is there",
                        "Name the folder that `mambasynth sweep --out` or `mambasynth train --out` wrote");
  }
  SweepFolder found;
  found.trials.resize(1);
  auto& trial = found.trials.front();
  trial.folder = folder;
  look_up_all(found.trials, {folder}, found.warnings);
  if (trial.id.empty()) trial.id = fs::absolute(folder).lexically_normal().string();
  found.axes = {trial_axis};
  trial.axes[trial_axis] = trial.id;
  return found;
}

SweepFolder merge(std::vector<SweepFolder> folders) {
  SweepFolder all;
  std::unordered_map<std::string, std::size_t> position;
  for (auto& folder : folders) {
    for (auto& axis : folder.axes) {
      if (std::find(all.axes.begin(), all.axes.end(), axis) == all.axes.end()) all.axes.push_back(std::move(axis));
    }
    std::move(folder.warnings.begin(), folder.warnings.end(), std::back_inserter(all.warnings));
    std::move(folder.parts.begin(), folder.parts.end(), std::back_inserter(all.parts));
    all.sweep_toml.merge(folder.sweep_toml);
    for (auto& trial : folder.trials) {
      auto const [at, is_new] = position.try_emplace(trial.id, all.trials.size());
      if (is_new) {
        all.trials.push_back(std::move(trial));
        continue;
      }
      auto& known = all.trials[at->second];
      bool const better = trial.outcome < known.outcome;
      if (!same_numbers(known, trial))
        all.warnings.push_back(fmt::format("trial {} has different results in {} and {}. That of {} is taken.",
                                           trial.id, known.folder.string(), trial.folder.string(),
                                           (better ? trial : known).folder.string()));
      if (better) known = std::move(trial);
    }
  }
  warn_of_missing_parts(all);
  return all;
}

}  // namespace mambasynth::analysis::collate
