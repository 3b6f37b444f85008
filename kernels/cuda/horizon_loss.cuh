#pragma once

#include "kernels/cuda/block_sum.cuh"
#include "kernels/cuda/partial_sums.cuh"
#include "kernels/cuda/vector.cuh"

// kernels/horizon_loss.hpp. A block handles some steps of one window; a thread keeps its columns.
namespace mambasynth::kernels::cuda::device {

inline constexpr int loss_threads = 256, loss_unroll = 4;

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

/// Grid: (part of the steps, window). Block: (N columns each, steps at a time).
template <class T, int N>
__global__ __launch_bounds__(loss_threads) void horizon_loss(LossArguments<T> a, int steps_of_part) {
  __shared__ double sums[loss_threads];
  __shared__ float columns[loss_threads * N];
  long long const part = blockIdx.y * static_cast<long long>(gridDim.x) + blockIdx.x;
  long long const begin = static_cast<long long>(blockIdx.x) * steps_of_part, left = a.time - begin;
  // Steps count from the first of the part; the last `horizon` steps of the window have no target.
  int const steps = left < steps_of_part ? static_cast<int>(left) : steps_of_part;
  long long const compared = left - a.horizon;
  float const* const prediction = a.prediction + (blockIdx.y * a.time + begin) * a.width;
  float const* const target = a.x + (blockIdx.y * a.time + begin + a.horizon) * a.channels;
  T* const dprediction = a.dprediction != nullptr ? a.dprediction + (blockIdx.y * a.time + begin) * a.width : nullptr;
  int const apart = static_cast<int>(blockDim.y);
  double squares = 0;
  for (int first = 0; first < a.width; first += static_cast<int>(blockDim.x) * N) {
    int const c = first + static_cast<int>(threadIdx.x) * N;
    bool const real = c < a.channels;
    float bias[N] = {}, sum[N] = {};
    if (real) load_floats(a.bias + c, bias);
    for (int t0 = static_cast<int>(threadIdx.y); t0 < steps && c < a.width; t0 += loss_unroll * apart) {
      Packed<float, N> predicted[loss_unroll], wanted[loss_unroll];
#pragma unroll
      for (int u = 0; u < loss_unroll; ++u) {
        int const t = t0 + u * apart;
        bool const counts = real && t < steps && t < compared;
        predicted[u] = counts ? Packed<float, N>::load(prediction + static_cast<long long>(t) * a.width + c)
                              : Packed<float, N>::zero();
        wanted[u] = counts ? Packed<float, N>::load(target + static_cast<long long>(t) * a.channels + c)
                           : Packed<float, N>::zero();
      }
#pragma unroll
      for (int u = 0; u < loss_unroll; ++u) {
        int const t = t0 + u * apart;
        float p[N], x[N], gradient[N];
        predicted[u].to(p);
        wanted[u].to(x);
#pragma unroll
        for (int i = 0; i < N; ++i) {
          float const error = t < compared ? p[i] + bias[i] - x[i] : 0;
          if (t < steps) squares += static_cast<double>(error) * static_cast<double>(error);
          gradient[i] = a.scale * error;
          if (t < steps) sum[i] += gradient[i];
        }
        if (dprediction != nullptr && t < steps)
          Packed<T, N>::from(gradient).store(dprediction + static_cast<long long>(t) * a.width + c);
      }
    }
    if (a.column_sums != nullptr)
      block_column_sums(sum, columns, static_cast<int>(blockDim.x), a.column_sums + part * a.channels + first,
                        a.channels - first);
  }
  squares = block_sum(squares, sums);
  if (threadIdx.x == 0 && threadIdx.y == 0) a.squares[part] = squares;
}

/// The second pass of both sums: the first `window_blocks` blocks take a warp per window, the others dbias.
template <int Unused = 0>
__global__ __launch_bounds__(sum_lanes* sum_rows) void loss_totals(long long windows, long long parts,
                                                                   int window_blocks, double const* squares,
                                                                   double* window_sum, long long channels,
                                                                   float const* column_sums, float* dbias) {
  if (static_cast<int>(blockIdx.x) >= window_blocks) {
    sum_columns(static_cast<int>(blockIdx.x) - window_blocks, windows * parts, channels, column_sums,
                {{dbias}, {channels, channels, channels}});
    return;
  }
  long long const b = static_cast<long long>(blockIdx.x) * sum_rows + threadIdx.y;
  if (b >= windows) return;
  double sum = 0;
  for (long long part = threadIdx.x; part < parts; part += 32) sum += squares[b * parts + part];
#pragma unroll
  for (int apart = 16; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, apart);
  if (threadIdx.x == 0) window_sum[b] = sum;
}

}  // namespace mambasynth::kernels::cuda::device
