#pragma once

#include "analysis/collate/table.hpp"
#include "analysis/plot/curves.hpp"

namespace mambasynth::analysis::collate {

/// sweep_summary, what the sweep found at a glance: test error beyond the optimum one step ahead (without an optimum,
/// test error) and dimension of the last layer over the values of the first axis, a curve for each combination of the
/// others, each trial as a ring beside its mean. Without panels where the first axis has a single value.
plot::Curves summary_figure(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
