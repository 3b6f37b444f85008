#pragma once

#include <cstdint>

#include "kernels/cuda/partial_sums.cuh"
#include "kernels/cuda/stream.hpp"

namespace mambasynth::kernels::cuda {

/// The second pass of every sum over rows; see device::sum_partials. partial: (rows, columns).
void sum_partials(std::int64_t rows, std::int64_t columns, float const* partial, device::SumTargets const&, Stream);

}  // namespace mambasynth::kernels::cuda
