#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/collate/mixture.hpp"
#include "analysis/collate/pivot.hpp"
#include "analysis/collate/where.hpp"
#include "analysis/document/table.hpp"
#include "analysis/statistics/interval_choice.hpp"

namespace mambasynth::analysis::collate {

struct Options {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path out;          ///< where table.csv and the figures go
  std::filesystem::path report = {};  ///< the folder of the report; empty: none
  bool markdown = true, csv = true, json = false, latex = false, figures = false;
  std::set<Shared> allow_mixed;
  bool average_experiments = false;   ///< --allow-mixed configuration
  std::vector<std::string> measures;  ///< that the table shows, names or patterns; empty: the usual ones
  std::vector<Condition> where;       ///< all must hold
  Arrangement arrangement;            ///< empty: one row for each cell, one column for each measure
  std::string sort;                   ///< axis or measure, "-" before it for descending; empty: the plan's order
  document::Shows shows;              ///< what the cells contain
  statistics::Method interval = statistics::Method::student;

  [[nodiscard]] bool pivots() const { return !arrangement.rows.empty() || !arrangement.cols.empty(); }
};

/// Parses the command line; returns the text of --help or --version if that was requested. Errors: errors::usage, with
/// the nearest name for a mistyped one.
struct Parsed {
  Options options;
  std::optional<std::string> text;
};
Parsed parse_options(int argc, char const* const* argv);

}  // namespace mambasynth::analysis::collate
