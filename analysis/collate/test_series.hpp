#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/collate/interval.hpp"
#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// What the choice of the test series adds to the error of a cell's means. Its seeds share that series, and so an
/// interval over seeds does not see it: block by block of the series the values are averaged over the seeds, and these
/// means are taken as independent (errors_over_blocks); of their interval (Student's t with one degree of freedom fewer
/// than blocks) the width is what counts, and sd / sqrt(n) is the standard error.
struct TestSeries {
  bool shared = true;                        ///< whether all of the trials that hold blocks were tested on one series
  std::map<std::string, Interval> measures;  ///< excess_mse.h1, ...: over blocks; none where any trial holds no blocks
};

/// Of the done trials of one cell.
TestSeries test_series_of(std::vector<CollatedTrial const*> const& trials);

}  // namespace mambasynth::analysis::collate
