#pragma once

#include <c10/cuda/CUDAStream.h>

#include "kernels/cuda/stream.hpp"

namespace mambasynth::gpu {

/// The stream that LibTorch works in on this thread.
inline kernels::cuda::Stream current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

}  // namespace mambasynth::gpu
