#pragma once

#include <string>

#include "config/config.hpp"
#include "trial/data.hpp"

namespace mambasynth::commands {

/// The meaning of train.precision = "auto": bf16 on CUDA, fp32 on the CPU.
std::string auto_precision(std::string const& device);
/// Resolves "auto". Errors: errors::usage for bf16 on the CPU.
void resolve_precision(config::Trial& trial, std::string const& device);

/// The trial's ID: from its [data] keys for generated data, from the data's SHA-256 for foreign data.
std::string identify(config::Trial const& trial, trial::TrialData const& data);

}  // namespace mambasynth::commands
