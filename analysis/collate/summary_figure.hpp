#pragma once

#include "analysis/collate/table.hpp"
#include "analysis/plot/curves.hpp"

namespace mambasynth::analysis::collate {

/// sweep_summary, the sweep at a glance: test error beyond the optimum one step ahead (test error if the optimum is
/// unknown) and dimension of the last layer over the values of the first axis, with a curve for each combination of the
/// others and a ring beside the mean for each trial. Has no panels if the first axis has a single value.
plot::Curves summary_figure(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
