#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/differences.hpp"
#include "analysis/collate/table.hpp"
#include "analysis/collate/trial_similarity.hpp"

namespace mambasynth::analysis::collate {

/// A figure that was drawn, for those who show it: NAME.svg, .png and .pdf.
struct DrawnFigure {
  std::string name;
  std::string title;
  std::string caption;                            ///< what is shown, what the intervals are, of how many seeds
  std::vector<std::filesystem::path> files = {};  ///< all that were written for it, inside the folder
};

/// Draws every figure of a sweep that has numbers into `folder`, in the order of a report: sweep_summary (error and
/// dimension against the swept axis), sweep_differences (from the baseline, paired by seed), sweep_errors (by horizon,
/// or against the axis if there is one horizon), sweep_training (validation loss by epoch), sweep_dimension (by layer,
/// with controls), sweep_probes (by layer, with controls) and sweep_similarity. Where one page cannot hold all cells,
/// pages are NAME_1, NAME_2, ... Controls and optimum are means over all done trials, seed by seed. `asked`: the
/// measures of
/// --measure.
std::vector<DrawnFigure> draw_sweep(Table const& table, SweepFolder const& sweep, TrialSimilarity const& similarity,
                                    Differences const& differences, std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::collate
