#pragma once

#include <string>

#include "dimension/measure.hpp"

namespace mambasynth::dimension {

/// What the dimension verb prints: every estimate with its errors, and those of each label if rows have labels.
std::string report(Measured const& measured);

}  // namespace mambasynth::dimension
