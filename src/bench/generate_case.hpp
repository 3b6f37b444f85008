#pragma once

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// 2,048 steps generated behind a seed of 64, one sequence, greedy, by carried state; weights are on the device before.
Result generate(Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
