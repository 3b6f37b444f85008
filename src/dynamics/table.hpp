#pragma once

#include <string>

#include "dynamics/analyze.hpp"

namespace mambasynth::dynamics {

/// What `generate` prints: one row per measure, one column per condition, and a last column for the process.
std::string summary_table(Analysis const& analysis);

}  // namespace mambasynth::dynamics
