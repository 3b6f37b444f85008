#include "commands/trial_folder.hpp"

#include <optional>

#include "analysis/trial_file/trial_summary.hpp"
#include "commands/output_files.hpp"
#include "errors/errors.hpp"
#include "store/damaged_file.hpp"
#include "streams/streams.hpp"
#include "train/checkpoint.hpp"
#include "trial/pipeline.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

/// The ID of the trial whose result or saved state is in the folder; empty if there is none or it is unreadable.
std::string trial_in(fs::path const& folder) {
  try {
    if (fs::exists(folder / trial::result_name))
      return analysis::trial_file::read_trial(folder / trial::result_name).provenance.trial_id;
  } catch (errors::Error const&) {
    return {};  // reported when it is used
  }
  return fs::exists(folder / train::resume_name) ? train::resume_identity(folder / train::resume_name) : std::string();
}

/// Reads a result. A damaged one is moved aside, so that the trial can run again.
std::optional<analysis::trial_file::TrialSummary> whole_result(fs::path const& result) {
  try {
    return analysis::trial_file::read_trial(result);
  } catch (errors::Error const& error) {
    if (error.code() != errors::ExitCode::input) throw;
    streams::log("{}\n", store::replace_damaged(result, error.why(), "and the trial runs again"));
    return std::nullopt;
  }
}

}  // namespace

void throw_diverged(fs::path const& result, std::string const& why) {
  throw errors::Error(errors::ExitCode::incomplete, "the training diverged", why,
                      "Lower --lr; " + result.string() + " records it");
}

bool needs_own_folder(fs::path const& shared, fs::path const& own, std::string const& id) {
  if (trial_in(own) == id) return true;
  auto const holder = trial_in(shared);
  if (!holder.empty()) {
    if (holder == id) return false;
    streams::log("note: {} holds trial {}, so trial {} goes to {}.\n", shared.string(), holder, id, own.string());
    return true;
  }
  try {
    require_replaceable_trial(shared);
  } catch (errors::Error const&) {
    streams::log("note: {} contains other files, so trial {} goes to {}.\n", shared.string(), id, own.string());
    return true;
  }
  return false;
}

bool already_done(fs::path const& result, std::string const& id) {
  if (!fs::exists(result)) return false;
  auto const found = whole_result(result);
  if (!found) return false;
  auto const& summary = *found;
  if (summary.provenance.trial_id == id) {
    if (summary.provenance.state == "diverged") throw_diverged(result, "in an earlier run of the same trial");
    return true;
  }
  throw errors::usage(result.string() + " is the result of another trial",
                      "its ID is " + summary.provenance.trial_id + ", this configuration's is " + id,
                      "Choose another --out, or move that file away");
}

}  // namespace mambasynth::commands
