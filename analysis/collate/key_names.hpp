#pragma once

#include <string>
#include <vector>

namespace mambasynth::analysis::collate {

/// The one of `known` that `name` names in full or by its last part: "gate_lr_factor" for train.gate_lr_factor, if only
/// one ends so. Errors: errors::usage naming the flag and the nearest, or all of the few.
std::string known_name(std::string const& flag, std::string const& name, std::vector<std::string> const& known);

}  // namespace mambasynth::analysis::collate
