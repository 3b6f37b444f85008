#pragma once

#include <string>

#include "commands/flags.hpp"
#include "commands/trained_network.hpp"

namespace mambasynth::commands {

/// `train --eval CKPT`: prints the validation MSE of stored weights, next to the smallest possible, and, if asked to,
/// draws their predictions. Model, split and series are the checkpoint's unless the flags say otherwise.
void print_validation(TrainedNetwork const& trained, RunFlags const& flags, std::string const& device, bool figures);

}  // namespace mambasynth::commands
