#pragma once

#include "kernels/cuda/block_sum.cuh"
#include "kernels/cuda/partial_sums.cuh"
#include "kernels/cuda/vector.cuh"

// kernels/horizon_loss.hpp. A block takes some steps of one window; a thread keeps its columns.
namespace mambasynth::kernels::cuda::device {

inline constexpr int loss_threads = 256;

template <class T>
struct LossArguments {
  long long time, horizon;
  int channels, width;
  float scale;
  float const *prediction, *bias, *x;
  T* dprediction;      ///< or nullptr
  double* squares;     ///< (window, part)
  float* column_sums;  ///< (window, part, channel), or nullptr
};

/// Grid: (part of the steps, window). Block: (columns, steps at a time).
template <class T>
__global__ __launch_bounds__(loss_threads) void horizon_loss(LossArguments<T> a, int steps_of_part) {
  __shared__ double sums[loss_threads];
  __shared__ float columns[loss_threads];
  long long const begin = static_cast<long long>(blockIdx.x) * steps_of_part;
  long long const end = begin + steps_of_part < a.time ? begin + steps_of_part : a.time;
  long long const window = blockIdx.y * a.time;
  long long const part = blockIdx.y * static_cast<long long>(gridDim.x) + blockIdx.x;
  double squares = 0;
  for (int first = 0; first < a.width; first += static_cast<int>(blockDim.x)) {
    int const c = first + static_cast<int>(threadIdx.x);
    bool const real = c < a.channels;
    float const bias = real ? a.bias[c] : 0;
    float sum = 0;
    if (c < a.width) {
#pragma unroll 4
      for (long long t = begin + threadIdx.y; t < end; t += blockDim.y) {
        float error = 0;
        if (real && t < a.time - a.horizon)
          error = a.prediction[(window + t) * a.width + c] + bias - a.x[(window + t + a.horizon) * a.channels + c];
        squares += static_cast<double>(error) * static_cast<double>(error);
        float const gradient = a.scale * error;
        if (a.dprediction != nullptr) a.dprediction[(window + t) * a.width + c] = from_float<T>(gradient);
        sum += gradient;
      }
    }
    if (a.column_sums != nullptr) {
      float const one[1] = {sum};
      block_column_sums(one, columns, static_cast<int>(blockDim.x), a.column_sums + part * a.channels + first,
                        a.channels - first);
    }
  }
  squares = block_sum(squares, sums);
  if (threadIdx.x == 0 && threadIdx.y == 0) a.squares[part] = squares;
}

template <int Unused = 0>
__global__ __launch_bounds__(256) void window_sums(long long windows, long long parts, double const* squares, double* out) {
  long long const b = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (b >= windows) return;
  double sum = 0;
  for (long long part = 0; part < parts; ++part) sum += squares[b * parts + part];
  out[b] = sum;
}

}  // namespace mambasynth::kernels::cuda::device
