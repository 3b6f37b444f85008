#pragma once

#include <vector>

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// Forward (with saved states, as in training) and backward of one layer's kernel in fp32.
std::vector<Result> scan(Sizes const& sizes, Effort const& effort);
std::vector<Result> conv(Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
