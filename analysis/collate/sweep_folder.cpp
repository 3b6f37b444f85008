#include "analysis/collate/sweep_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "analysis/collate/csv.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::collate {

namespace {

namespace fs = std::filesystem;

bool is_there(fs::path const& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Fills outcome, reason and result from the trial's own folder.
void look_up(CollatedTrial& trial, fs::path const& folder, std::vector<std::string>& warnings) {
  auto const file = folder / "trial.h5";
  if (is_there(file)) {
    try {
      auto result = analysis::read_trial(file);
      auto const& found = result.provenance.trial_id;
      if (!trial.id.empty() && found != trial.id) {
        throw errors::input(file.string() + " belongs to another trial", fmt::format("its id is {}, the plan says {}", found, trial.id),
                            "Remove it and run the sweep again");
      }
      trial.id = found;
      trial.outcome = result.provenance.state == "done" ? Outcome::done : Outcome::diverged;
      trial.result = std::move(result);
      trial.file = file;
      return;
    } catch (errors::Error const& error) {
      warnings.push_back(std::string(error.what()) + " It is counted as missing.");
    }
  }
  auto const failure = folder / "failure.json";
  if (!is_there(failure)) return;
  try {
    auto const json = nlohmann::json::parse(store::read_text(failure));
    auto const state = json.value("state", "failed");
    // A preempted trial has nothing wrong with it, it waits for its turn.
    trial.outcome = state == "preempted" ? Outcome::missing : Outcome::failed;
    auto const reason = json.value("reason", "");
    trial.reason = reason.empty() ? state : state + ": " + reason;
  } catch (nlohmann::json::exception const&) {
    trial.outcome = Outcome::failed;
    trial.reason = "failed: its failure.json cannot be read";
  }
}

errors::Error no_plan(fs::path const& file, std::string const& why) {
  return errors::input(file.string() + " is no sweep's plan", why,
                       "Run `mambasynth sweep` on the folder again: it writes the plan anew and keeps finished trials");
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
  warnings.push_back(fmt::format("{} in {} left out (not in its plan.csv, e.g. {}). Collate them with the plan that they belong to.",
                                 strays.size() == 1 ? "1 trial" : fmt::format("{} trials", strays.size()),
                                 (folder / "trials").string(), strays.front()));
}

SweepFolder read_sweep(fs::path const& folder) {
  auto const plan = folder / "plan.csv";
  auto const records = parse_csv(store::read_text(plan));
  if (records.empty() || records[0].empty() || records[0][0] != "id") throw no_plan(plan, "its first column is not `id`");
  auto const& header = records[0];
  auto const seed = std::find(header.begin(), header.end(), "seed");
  if (seed == header.end()) throw no_plan(plan, "it has no column `seed`");
  if (records.size() == 1) throw no_plan(plan, "it holds no trial");

  SweepFolder found;
  found.axes.assign(header.begin() + 1, seed);
  auto const seed_column = found.axes.size() + 1;
  for (std::size_t line = 1; line < records.size(); ++line) {
    auto const& record = records[line];
    if (record.size() != header.size()) {
      throw no_plan(plan, fmt::format("record {} has {} fields, the header {}", line + 1, record.size(), header.size()));
    }
    CollatedTrial trial;
    trial.id = record[0];
    trial.seed = record[seed_column];
    for (std::size_t a = 0; a < found.axes.size(); ++a) trial.axes[found.axes[a]] = record[a + 1];
    look_up(trial, folder / "trials" / trial.id, found.warnings);
    found.trials.push_back(std::move(trial));
  }
  warn_of_strays(folder, found, found.warnings);
  return found;
}


}  // namespace

char const* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::diverged: return "diverged";
    case Outcome::failed: return "failed";
    case Outcome::missing: return "missing";
  }
  return "";
}

std::string const& seed_of(CollatedTrial const& trial) { return trial.seed.empty() ? trial.id : trial.seed; }

SweepFolder read_folder(fs::path const& folder) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    throw errors::input(folder.string() + " is no folder", failed ? failed.message() : "it is something else",
                        "Name the folder that `mambasynth sweep --out` or `mambasynth train --out` wrote");
  }
  if (is_there(folder / "plan.csv")) return read_sweep(folder);
  if (!is_there(folder / "trial.h5") && !is_there(folder / "failure.json")) {
    throw errors::input(folder.string() + " holds no readable trial", "neither plan.csv nor trial.h5 is there",
                        "Name the folder that `mambasynth sweep --out` or `mambasynth train --out` wrote");
  }
  SweepFolder found;
  CollatedTrial trial;
  look_up(trial, folder, found.warnings);
  if (trial.result) trial.seed = trial.result->seed;
  if (trial.id.empty()) trial.id = fs::absolute(folder).lexically_normal().string();
  found.axes = {"trial"};
  trial.axes["trial"] = trial.id;
  found.trials.push_back(std::move(trial));
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
    for (auto& trial : folder.trials) {
      auto const [at, is_new] = position.try_emplace(trial.id, all.trials.size());
      if (is_new) {
        all.trials.push_back(std::move(trial));
      } else if (auto& known = all.trials[at->second]; trial.outcome < known.outcome) {
        known = std::move(trial);
      }
    }
  }
  return all;
}

}  // namespace mambasynth::collate
