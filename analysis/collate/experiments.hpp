#pragma once

#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// Writes equal values of an axis in the same way, the one that came first: 1.0 and 1 of two sweeps become one cell. A
/// trial whose sweep lacks an axis of another sweep gets the value from its configuration.
void unify_values(SweepFolder& sweep);

/// "data.seed (1 in A; 2 in B)" for each key that is not an axis, distinguishes experiments, and differs between
/// results.
std::vector<std::string> differences(SweepFolder const& sweep);

/// Turns each such key into a further axis, so that different experiments are never averaged, or with `average` leaves
/// them in one cell; warns in either case.
void tell_experiments_apart(SweepFolder& sweep, bool average);

/// Library versions, GPU models, and everything else that changes numbers by rounding: warns if trials differ.
void warn_of_environments(SweepFolder& sweep);

}  // namespace mambasynth::analysis::collate
