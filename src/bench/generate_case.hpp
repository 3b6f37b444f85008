#pragma once

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// Generates 2,048 steps after a seed of 64: one sequence, without noise, by carried state. The transfer of the weights
/// to the device is not timed.
Result generate(Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
