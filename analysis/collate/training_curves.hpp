#pragma once

#include <cstdint>
#include <vector>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

struct TrainingCurves {
  std::vector<std::int64_t> epoch;
  std::vector<std::vector<Interval>> of_cell;  ///< (cell, epoch), over the seeds of the done trials that have the epoch
};

/// Validation loss by epoch, read from the file of every done trial; files that have become unreadable are left out.
TrainingCurves validation_loss(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
