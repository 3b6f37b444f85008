#pragma once

#include <functional>

#include "bench/report.hpp"
#include "bench/timing.hpp"

namespace mambasynth::bench {

/// As measure(), but with events on the current stream. Launches are queued ahead, so that only the GPU is timed.
/// peak_memory_mb is LibTorch's peak on the GPU since the last call (torch.cuda.max_memory_allocated in Python).
void measure_on_gpu(Result& result, Effort const& effort, std::function<void()> const& run);

/// Measured with a copy of 1 GiB and a bf16 matrix product of 8192^3 on random numbers.
Limits measure_ceilings();

}  // namespace mambasynth::bench
