#pragma once

struct CUstream_st;

namespace mambasynth::kernels::cuda {

/// cudaStream_t, so that callers need no CUDA header. Every function of this namespace only launches; arrays are on the
/// device; nothing is allocated. Errors of every function: std::invalid_argument for shapes that it does not take,
/// before the launch; std::runtime_error for what CUDA refuses.
using Stream = ::CUstream_st*;

/// What a captured training step reads and advances on the device, one object in device memory.
struct StepState {
  unsigned long long step;  ///< optimiser steps taken; the dropout's counter
  long long batch;          ///< batches of this epoch done
  float rate, gate_rate;    ///< of the two groups in this epoch; 0 leaves every bit of a group as it is
  int halted;               ///< 1 from the first loss or gradient that is no number on: nothing changes any more
};

}  // namespace mambasynth::kernels::cuda
