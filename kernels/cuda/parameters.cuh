#pragma once

#include "kernels/cuda/vector.cuh"

// Small kernels over the flat parameters: kernels/cuda/parameters.hpp.
namespace mambasynth::kernels::cuda::device {

inline constexpr int parameter_threads = 256, parameter_elements = 4;

/// cuda::Segment as the device reads it.
struct Segment {
  long long source, target;
  long long rows, columns, padded_rows, padded_columns;
};

/// Grid: (part of the largest segment, segment).
template <class T>
__global__ __launch_bounds__(parameter_threads) void pack(Segment const* segments, float const* flat, T* packed) {
  Segment const s = segments[blockIdx.y];
  long long const first = static_cast<long long>(blockIdx.x) * (parameter_threads * parameter_elements) + threadIdx.x;
#pragma unroll
  for (int k = 0; k < parameter_elements; ++k) {
    long long const i = first + k * parameter_threads;
    if (i >= s.padded_rows * s.padded_columns) return;
    long long const row = i / s.padded_columns, c = i - row * s.padded_columns;
    packed[s.target + i] = from_float<T>(row < s.rows && c < s.columns ? flat[s.source + row * s.columns + c] : 0);
  }
}

template <int Unused = 0>
__global__ __launch_bounds__(parameter_threads) void unpack(Segment const* segments, float const* packed, float* flat) {
  Segment const s = segments[blockIdx.y];
  long long const first = static_cast<long long>(blockIdx.x) * (parameter_threads * parameter_elements) + threadIdx.x;
#pragma unroll
  for (int k = 0; k < parameter_elements; ++k) {
    long long const i = first + k * parameter_threads;
    if (i >= s.rows * s.columns) return;
    long long const row = i / s.columns, c = i - row * s.columns;
    flat[s.source + i] = packed[s.target + row * s.padded_columns + c];
  }
}

template <int Unused = 0>
__global__ __launch_bounds__(parameter_threads) void negative_exp(long long count, long long stride, float const* A_log,
                                                                  float* A) {
  long long const i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) A[blockIdx.y * count + i] = -expf(A_log[blockIdx.y * stride + i]);
}

template <int Unused = 0>
__global__ __launch_bounds__(parameter_threads) void scale_by(long long count, long long stride, float const* factor,
                                                              float* values) {
  long long const i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) values[blockIdx.y * stride + i] *= factor[blockIdx.y * count + i];
}

}  // namespace mambasynth::kernels::cuda::device
