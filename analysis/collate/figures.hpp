#pragma once

#include <filesystem>

#include "analysis/collate/table.hpp"
#include "analysis/plot/gnuplot.hpp"

namespace mambasynth::analysis::collate {

/// Draws the table, means with 95 % intervals over seeds, into `folder`: sweep_summary (error and dimension over the
/// first axis, see summary_figure), sweep_dimension (by layer, beside the controls), sweep_errors (by horizon, beside
/// the Bayes optimum), sweep_training (validation loss by epoch) and sweep_probes (a panel for each target and score,
/// by layer, beside the controls). A figure without numbers is left out. Controls and optimum are means over all done
/// trials, seed by seed.
void draw_sweep(Table const& table, SweepFolder const& sweep, std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::collate
