#pragma once

#include <limits>

namespace mambasynth::analysis::statistics {

/// What a number is where the data leave it undefined: too few samples, no such rows, an event that never occurs.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace mambasynth::analysis::statistics
