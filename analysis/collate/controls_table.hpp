#pragma once

#include <string>

#include "analysis/collate/table.hpp"

namespace mambasynth::analysis::collate {

/// The intrinsic dimensions that a sweep's own have to be read against, over all of its done trials, seed by seed, at
/// the neighbour count that is shown: the trained and the untrained network and shuffled activations by layer, the
/// noise-free signal and pure noise. Below it what their means are of, where that is not all cells alike. Empty where
/// no trial holds controls.
std::string controls_table(Table const& table, SweepFolder const& sweep);

}  // namespace mambasynth::analysis::collate
