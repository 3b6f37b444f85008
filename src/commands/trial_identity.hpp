#pragma once

#include <string>

#include "config/config.hpp"
#include "trial/data.hpp"

namespace mambasynth::commands {

/// What train.precision = "auto" stands for: bf16 on CUDA, fp32 on the CPU.
std::string auto_precision(std::string const& device);
/// Replaces "auto"; errors::usage for bf16 on the CPU.
void resolve_precision(config::Trial& trial, std::string const& device);

/// The trial's id: of its own keys where the data are generated, of the data's SHA-256 where they are foreign.
std::string identify(config::Trial const& trial, trial::TrialData const& data);

}  // namespace mambasynth::commands
