#pragma once

#include <string>
#include <vector>

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// The cases that a GPU runs by kernels of its own: scan, conv, block, forward, step; others are not known here.
bool is_gpu_case(std::string const& name);
/// In sizes.precision.
std::vector<Result> run_gpu_case(std::string const& name, Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
