#pragma once

#include "analysis/collate/table.hpp"
#include "analysis/document/table.hpp"

namespace mambasynth::analysis::collate {

/// The baselines for the intrinsic dimensions of a sweep, over all done trials, seed by seed, at the number of
/// neighbors shown: the trained network, the untrained network, and shuffled activations by layer; the noise-free
/// signal and pure noise. A note says what the means are over if cells differ. Without columns if no trial has
/// controls.
document::Table controls_table(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
