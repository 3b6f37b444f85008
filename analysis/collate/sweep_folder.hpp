#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/collate/configuration.hpp"
#include "analysis/trial_file/trial_summary.hpp"

namespace mambasynth::analysis::collate {

/// What became of a planned trial, as far as a table cares; the better ones first.
enum class Outcome { done, diverged, failed, missing };
char const* name_of(Outcome outcome);

struct CollatedTrial {
  std::string id;
  std::map<std::string, std::string> axes;  ///< key as written in the sweep -> value as written
  std::string seed;                         ///< "" where it is not known
  Outcome outcome = Outcome::missing;
  std::string reason;                              ///< of a failed one
  std::optional<trial_file::TrialSummary> result;  ///< of a done or diverged one
  std::filesystem::path file;                      ///< its trial.h5
  std::filesystem::path folder = {};               ///< the one that was named
  std::optional<Configuration> configuration =
      {};  ///< its own, or what its folder's sweep.toml says; none where neither does
};

/// What it is told apart by where seeds are: its seed by the 32 bits that generators take, or itself where that is not
/// known.
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
  bool incomplete = false;  ///< parts are missing
};

/// A sweep's folder, or one that `mambasynth train --out` wrote: then a single trial, told apart by the axis `trial`.
/// A trial.h5 that cannot be read counts as missing, with a warning.
/// Errors: errors::usage without such a folder; errors::input when it holds neither plan.csv nor trial.h5, or a
/// plan.csv that is none.
SweepFolder read_folder(std::filesystem::path const& folder);

/// Folders one after the other; a trial that stands in several counts once, with its best outcome. Parts that are not
/// there and results of one trial that differ are warned of.
SweepFolder merge(std::vector<SweepFolder> folders);

}  // namespace mambasynth::analysis::collate
