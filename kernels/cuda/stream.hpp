#pragma once

struct CUstream_st;

namespace mambasynth::kernels::cuda {

/// cudaStream_t, so that callers need no CUDA header. Every function in this namespace only launches kernels; arrays
/// are on the device; nothing is allocated. Errors of every function: std::invalid_argument for shapes that it does not
/// support, before the launch; std::runtime_error for CUDA errors.
using Stream = ::CUstream_st*;

}  // namespace mambasynth::kernels::cuda
