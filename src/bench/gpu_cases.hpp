#pragma once

#include <string>
#include <vector>

#include "bench/cases.hpp"

namespace mambasynth::bench {

/// Whether run_gpu_case() has a case of that name: scan, conv, block, forward, step and others with our own kernels.
bool is_gpu_case(std::string const& name);
/// In sizes.precision.
std::vector<Result> run_gpu_case(std::string const& name, Sizes const& sizes, Effort const& effort);

}  // namespace mambasynth::bench
