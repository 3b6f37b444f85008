#pragma once

#include "kernels/cuda/element.cuh"
#include "kernels/cuda/step_state.hpp"

namespace mambasynth::kernels::cuda::device {

/// One thread per element of `padded`.
template <class T>
__global__ __launch_bounds__(256) void gather_windows(long long rows, long long time, int channels, int width,
                                                      float const* series, long long const* starts,
                                                      long long batch_size, StepState const* state, float* x,
                                                      T* padded) {
  long long const i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= rows * width) return;
  long long const row = i / width;
  int const c = static_cast<int>(i - row * width);
  float value = 0;
  if (c < channels) {
    long long const b = row / time;
    long long const first = state == nullptr ? 0 : state->batch * batch_size;
    value = series[(starts[first + b] + row - b * time) * channels + c];
    x[row * channels + c] = value;
  }
  padded[i] = from_float<T>(value);
}

}  // namespace mambasynth::kernels::cuda::device
