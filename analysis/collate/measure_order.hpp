#pragma once

#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// All measures of all results, in the order of trial.h5; one that earlier trials lack is inserted after the one it
/// follows in its own trial.
std::vector<std::string> measures_in_order(std::vector<CollatedTrial> const& trials);

}  // namespace mambasynth::analysis::collate
