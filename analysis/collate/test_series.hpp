#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/collate/interval.hpp"
#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// The error of the means of a cell due to the choice of the test series. The seeds share that series, so an interval
/// over seeds does not include it. Values are averaged over the seeds for each block of the series, and these block
/// means are treated as independent (errors_over_blocks); only the width of their interval matters (Student's t, one
/// degree of freedom fewer than blocks), and sd / sqrt(n) is the standard error.
struct TestSeries {
  bool shared = true;                        ///< whether all trials that have blocks were tested on the same series
  std::map<std::string, Interval> measures;  ///< excess_mse.h1, ...: over blocks; empty if any trial has no blocks
};

/// Of the done trials of one cell.
TestSeries test_series_of(std::vector<CollatedTrial const*> const& trials);

}  // namespace mambasynth::analysis::collate
