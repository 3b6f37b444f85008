#include "analysis/collate/trial_lookup.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <utility>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::analysis::collate {
namespace {

namespace fs = std::filesystem;

void take_result(CollatedTrial& trial, fs::path const& file, trial_file::TrialReader& reader) {
  auto result = reader.read(file);
  auto const& found = result.provenance.trial_id;
  if (!trial.id.empty() && found != trial.id) {
    throw errors::input(file.string() + " belongs to another trial",
                        fmt::format("its id is {}, the plan says {}", found, trial.id),
                        "Remove it and run the sweep again");
  }
  trial.id = found;
  trial.outcome = result.provenance.state == "done" ? Outcome::done : Outcome::diverged;
  trial.result = std::move(result);
  trial.file = file;
}

void take_failure(CollatedTrial& trial, std::string const& text) {
  auto const json = nlohmann::json::parse(text);
  auto const state = json.value("state", "failed");
  // A preempted trial did not fail; it waits for its turn.
  trial.outcome = state == "preempted" ? Outcome::missing : Outcome::failed;
  trial.timed_out = state == "timed_out";
  auto const reason = json.value("reason", "");
  trial.reason = reason.empty() ? state : state + ": " + reason;
}

}  // namespace

bool is_there(fs::path const& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void look_up(CollatedTrial& trial, fs::path const& folder, trial_file::TrialReader& reader,
             std::vector<std::string>& warnings) {
  auto const file = folder / "trial.h5";
  if (is_there(file)) {
    try {
      return take_result(trial, file, reader);
    } catch (errors::Error const& error) {
      if (is_there(file))
        warnings.push_back(std::string(error.what()) +
                           " It is counted as waiting: the next launch of the sweep runs it again.");
    }
  }
  auto const failure = folder / "failure.json";
  if (!is_there(failure)) return;
  try {
    take_failure(trial, store::read_text(failure));
  } catch (std::exception const&) {  // not JSON, or no file
    if (!is_there(failure)) return;  // it runs again, or has just ended
    trial.outcome = Outcome::failed;
    trial.reason = "failed: its failure.json cannot be read";
    warnings.push_back(failure.string() +
                       " cannot be read (it is damaged or no file). Its trial counts as failed; run the sweep again.");
  }
}

}  // namespace mambasynth::analysis::collate
