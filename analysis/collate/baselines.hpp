#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/collate/sweep_design.hpp"

namespace mambasynth::analysis::collate {

/// A cell and the one that it is compared with.
struct CellAndBaseline {
  std::size_t cell, baseline;
  std::string named;  ///< what sweep.baseline holds: "train.gate_lr_factor = 1"
};

struct Baselines {
  std::vector<CellAndBaseline> pairs;  ///< in the order of the cells
  std::int64_t without = 0;            ///< cells whose sweep names a baseline that has no cell for them
  std::int64_t ambiguous = 0;          ///< ... more than one cell
  bool named = false;                  ///< whether any sweep names one
};

/// The baseline of a cell has the values of sweep.baseline, and the cell's own on all other axes, except on those that
/// vary together with a key of sweep.baseline. Values are compared as numbers (1 and 1.0 are equal). If folders of
/// different sweeps share a cell, it has the baselines of all of them.
Baselines baselines_of(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
