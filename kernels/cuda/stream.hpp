#pragma once

struct CUstream_st;

namespace mambasynth::kernels::cuda {

/// cudaStream_t, so that callers need no CUDA header. Every function of this namespace only launches; arrays are on the
/// device; nothing is allocated. Errors of every function: std::invalid_argument for shapes that it does not take,
/// before the launch; std::runtime_error for what CUDA refuses.
using Stream = ::CUstream_st*;

}  // namespace mambasynth::kernels::cuda
