#pragma once

#include <string>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::collate {

/// The intrinsic dimensions that a sweep's own have to be read against, over all of its done trials, at neighbour count
/// `k` ("k30"): the trained and the untrained network and shuffled activations by layer, the noise-free signal and pure
/// noise. Empty where no trial holds controls.
std::string controls_table(SweepFolder const& sweep, std::string const& k);

}  // namespace mambasynth::collate
