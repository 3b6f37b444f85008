#pragma once

#include <limits>

namespace mambasynth::analysis::statistics {

/// The value of a quantity that the data leave undefined: too few samples, no such rows, an event that never occurs.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace mambasynth::analysis::statistics
