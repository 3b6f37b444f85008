#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"

// Second passes of the backward scan: sums of the blocks' partial sums, always in the same order.
namespace mambasynth::kernels::cuda::device {

__device__ inline float2 pair_of(float const* at) { return *reinterpret_cast<float2 const*>(at); }
__device__ inline float2 pair_of(__nv_bfloat16 const* at) {
  return __bfloat1622float2(*reinterpret_cast<__nv_bfloat162 const*>(at));
}

/// dB, dC of the slab's rows from parts (group, row, 2 states), of whose states the first `real` are wanted. A thread
/// sums two adjacent columns.
template <class T, class Part, int states, int real>
__global__ void __launch_bounds__(256)
    scan_sum_states(int groups, long long rows, long long first_row, Part const* parts, T* dB, long long dB_stride,
                    T* dC, long long dC_stride) {
  long long const i = (static_cast<long long>(blockIdx.x) * 256 + threadIdx.x) * 2;
  if (i >= rows * 2 * states || i % states >= real) return;
  float2 sum{0, 0};
#pragma unroll 4
  for (int group = 0; group < groups; ++group) {
    float2 const part = pair_of(parts + group * rows * 2 * states + i);
    sum.x += part.x, sum.y += part.y;
  }
  long long const row = first_row + i / (2 * states);
  int const n = static_cast<int>(i % (2 * states));
  T* const to = n < states ? dB + row * dB_stride + n : dC + row * dC_stride + n - states;
  to[0] = from_float<T>(sum.x);
  to[1] = from_float<T>(sum.y);
}

/// dA, dD, ddelta_bias from parts (batch and segment, channel, states + 2). Block (32, 8): 32 columns, 8 interleaved
/// sums.
template <int states>
__global__ void __launch_bounds__(256) scan_sum_parameters(long long batch, long long channels, float const* parts,
                                                           float* dA, float* dD, float* ddelta_bias) {
  __shared__ float sums[8][32];
  long long const columns = channels * (states + 2), column = static_cast<long long>(blockIdx.x) * 32 + threadIdx.x;
  float sum = 0;
  if (column < columns)
#pragma unroll 4
    for (long long b = threadIdx.y; b < batch; b += 8) sum += parts[b * columns + column];
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
#pragma unroll
  for (int i = 1; i < 8; ++i) sum += sums[i][threadIdx.x];
  long long const channel = column / (states + 2);
  int const n = static_cast<int>(column % (states + 2));
  if (n < states) dA[channel * states + n] = sum;
  else (n == states ? dD : ddelta_bias)[channel] = sum;
}

}  // namespace mambasynth::kernels::cuda::device
