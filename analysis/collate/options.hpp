#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/collate/mixture.hpp"

namespace mambasynth::analysis::collate {

struct Options {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path out;  ///< where table.csv and the figures go
  bool markdown = true, csv = true, figures = false;
  std::set<Shared> allow_mixed;
  bool average_experiments = false;   ///< --allow-mixed configuration
  std::vector<std::string> measures;  ///< that the table on the terminal shows; empty: the usual ones
};

/// Parses the command line; returns the text of --help or --version if that was requested. Errors: errors::usage, with
/// the nearest name for a mistyped one.
struct Parsed {
  Options options;
  std::optional<std::string> text;
};
Parsed parse_options(int argc, char const* const* argv);

}  // namespace mambasynth::analysis::collate
