#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// What sweep.toml says about the cells of its sweep.
struct SweepDesign {
  std::map<std::string, std::string> baseline;  ///< key -> canonical value; empty if it names none
  std::vector<std::set<std::string>> axes;      ///< the keys of each [[sweep.axis]], which vary together

  /// Whether a key varies together with any of `keys`.
  [[nodiscard]] bool together(std::string const& key, std::set<std::string> const& keys) const;
  friend bool operator==(SweepDesign const&, SweepDesign const&) = default;
};

/// From the text of sweep.toml. Errors: errors::usage if it is not TOML.
SweepDesign design_of(std::string const& toml, std::string const& origin);

/// The designs of the cells: more than one if folders of different sweeps share a cell, none without a sweep.toml that
/// can be read (read_folder warns of it).
std::vector<std::vector<SweepDesign>> designs_of_cells(Table const& table, SweepFolder const& sweep);

/// The trials of each cell.
std::vector<std::vector<CollatedTrial const*>> trials_of_cells(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
