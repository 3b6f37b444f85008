#pragma once

#include <functional>

#include "bench/report.hpp"
#include "bench/timing.hpp"

namespace mambasynth::bench {

/// As measure(), by events on the current stream: launches are queued ahead, so that what is timed is the GPU.
/// peak_memory_mb is LibTorch's on the card, since the last call.
void measure_on_gpu(Result& result, Effort const& effort, std::function<void()> const& run);

/// A copy of 1 GiB, and a bf16 product of 8192^3 on random numbers.
Limits measure_ceilings();

}  // namespace mambasynth::bench
