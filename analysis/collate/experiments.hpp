#pragma once

#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// Gives equal values of an axis one text, that which came first: 1.0 and 1 of two sweeps are one cell. A trial whose
/// sweep lacks an axis of another's gets the value that its configuration has.
void unify_values(SweepFolder& sweep);

/// "data.seed (1 in A; 2 in B)" for each key, no axis, that tells experiments apart and differs between results.
std::vector<std::string> differences(SweepFolder const& sweep);

/// Makes each such key a further axis, so that different experiments are never averaged, or with `average` leaves them
/// in one cell; either is warned of.
void tell_experiments_apart(SweepFolder& sweep, bool average);

/// Versions of libraries, kinds of GPU and what else changes numbers by rounding: a warning where trials differ.
void warn_of_environments(SweepFolder& sweep);

}  // namespace mambasynth::analysis::collate
