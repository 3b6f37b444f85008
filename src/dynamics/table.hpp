#pragma once

#include <string>

#include "dynamics/analyse.hpp"

namespace mambasynth::dynamics {

/// What `generate` prints: a row a measure, a column a condition, the last column the process's own value.
std::string summary_table(Analysis const& analysis);

}  // namespace mambasynth::dynamics
