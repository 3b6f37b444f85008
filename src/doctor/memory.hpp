#pragma once

#include "doctor/facts.hpp"

namespace mambasynth::doctor {

/// The node's memory, and the tightest limit of the cgroups (version 2 or 1) above this process.
Memory read_memory();

}  // namespace mambasynth::doctor
