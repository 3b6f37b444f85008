#pragma once

#include <limits>

namespace mambasynth::analysis::statistics {

/// The value of a number that the data leave undefined: too few samples, no such rows, a step that never comes.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace mambasynth::analysis::statistics
