#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/collate/configuration.hpp"
#include "analysis/trial_file/trial_summary.hpp"

namespace mambasynth::analysis::collate {

/// The outcome of a planned trial as table.csv counts it, the better ones first. `failed`: ended without a result;
/// `missing`: has not ended.
enum class Outcome { done, diverged, failed, missing };
char const* name_of(Outcome outcome);

struct CollatedTrial {
  std::string id;
  std::map<std::string, std::string> axes;  ///< key as written in the sweep -> value as written
  std::string seed;                         ///< "" if unknown
  Outcome outcome = Outcome::missing;
  std::string reason;                              ///< if it failed
  std::optional<trial_file::TrialSummary> result;  ///< if it is done or diverged; without its configuration
  std::filesystem::path file;                      ///< its trial.h5
  std::filesystem::path folder = {};               ///< the folder that was given
  /// Its own, or the one in sweep.toml of its folder; none if neither is known. Without train.seed.
  std::shared_ptr<Configuration const> configuration = {};
  bool timed_out = false;  ///< failed: it took too long
  bool running = false;    ///< missing: a launcher works on it
};

/// "done", "diverged", "failed", "timed_out", "running", or "waiting" (not started, or stopped on request).
char const* state_of(CollatedTrial const& trial);

/// Identifies the seed of a trial: the 32 bits of the seed that generators take, or the trial itself if its seed is
/// unknown.
std::string seed_of(CollatedTrial const& trial);

/// A folder of `sweep --part K/N`.
struct Part {
  std::int64_t number = 1, of = 1;
  std::string sweep;  ///< sweep.toml, which all parts share
};

struct SweepFolder {
  std::vector<std::string> axes;  ///< keys in the plan's order
  std::vector<CollatedTrial> trials;
  std::vector<std::string> warnings;
  std::vector<Part> parts = {};
  bool incomplete = false;                                       ///< parts are missing
  std::map<std::filesystem::path, std::string> sweep_toml = {};  ///< of the folders that have one that can be read
};

/// Reads the folder of a sweep, or one that `mambasynth train --out` wrote, which is a single trial with the axis
/// `trial`. A trial.h5 that cannot be read counts as missing, with a warning. The sweep may be running. Errors:
/// errors::usage if the folder does not exist; errors::input if it holds neither plan.csv nor trial.h5, or an invalid
/// plan.csv.
SweepFolder read_folder(std::filesystem::path const& folder);

/// Concatenates folders; a trial that is in several counts once, with its best outcome. Warns of missing parts and of a
/// trial with different results.
SweepFolder merge(std::vector<SweepFolder> folders);

}  // namespace mambasynth::analysis::collate
