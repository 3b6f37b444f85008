#pragma once

#include "kernels/cuda/nearest/nearest_task.cuh"

// Rows as the products in single precision take them: centered, scaled, and interleaved in panels of 128 rows.
namespace mambasynth::kernels::cuda::device {

inline constexpr int panel_rows = 128, panel_dims = 16;

/// One thread per column; a block takes every gridDim.x-th row. partial: (block, column).
template <class T>
__global__ __launch_bounds__(128) void nearest_column_sums(NearestTask<T> task, double* partial) {
  long long const c = static_cast<long long>(blockIdx.y) * blockDim.x + threadIdx.x;
  if (c >= task.stride) return;
  double sum = 0;
#pragma unroll 8
  for (long long i = blockIdx.x; i < task.points; i += gridDim.x)
    sum += static_cast<double>(task.rows[i * task.stride + c]);
  partial[blockIdx.x * task.stride + c] = sum;
}

template <int Unused = 0>
__global__ __launch_bounds__(128) void nearest_mean(long long points, long long columns, int blocks,
                                                    double const* partial, double* mean) {
  long long const c = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= columns) return;
  double sum = 0;
#pragma unroll 8
  for (int b = 0; b < blocks; ++b) sum += partial[b * columns + c];
  mean[c] = sum / static_cast<double>(points);
}

/// One warp per row. NaN counts as the longest length.
template <class T>
__global__ __launch_bounds__(256) void nearest_lengths(NearestTask<T> task, double const* mean, double* length,
                                                       NearestStatus* status) {
  int const lane = threadIdx.x % 32;
  long long const warps = static_cast<long long>(gridDim.x) * (blockDim.x / 32);
  unsigned long long longest = 0;
  for (long long i = static_cast<long long>(blockIdx.x) * (blockDim.x / 32) + threadIdx.x / 32; i < task.points;
       i += warps) {
    double sum = 0;
    for (long long c = lane; c < task.stride; c += 32) {
      double const difference = static_cast<double>(task.rows[i * task.stride + c]) - mean[c];
      sum += difference * difference;
    }
    for (int apart = 16; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, apart);
    double const own = sqrt(sum);
    if (lane == 0) length[i] = own;
    unsigned long long const bits = static_cast<unsigned long long>(__double_as_longlong(own)) & 0x7fffffffffffffffULL;
    longest = bits > longest ? bits : longest;
  }
  if (lane == 0) atomicMax(&status->longest, longest);
}

/// packed: (panel, packed dims, row of the panel); norm: (panel, row), |y|^2, infinity after the last row. chosen: the
/// rows to pack, or nullptr for all. A block packs 16 dimensions of a panel.
template <class T>
__global__ __launch_bounds__(panel_rows) void nearest_pack(NearestTask<T> task, int const* chosen, long long count,
                                                           double const* mean, double const* length, double scale,
                                                           float* packed, float* norm) {
  long long const panel = blockIdx.x, place = panel * panel_rows + threadIdx.x;
  long long const packed_dims = static_cast<long long>(gridDim.y) * panel_dims;
  bool const there = place < count;
  long long const row = !there ? 0 : chosen == nullptr ? place : chosen[place];
  float* const to = packed + (panel * packed_dims + blockIdx.y * panel_dims) * panel_rows + threadIdx.x;
#pragma unroll
  for (int d = 0; d < panel_dims; d += 4) {
    long long const c = blockIdx.y * panel_dims + d;
    double value[4] = {}, center[4] = {};
    if (there && c < task.stride) {
      load4(task.rows + row * task.stride + c, value);
      load4(mean + c, center);
    }
#pragma unroll
    for (int l = 0; l < 4; ++l) to[(d + l) * panel_rows] = static_cast<float>((value[l] - center[l]) * scale);
  }
  if (blockIdx.y > 0) return;
  double const own = there ? length[row] * scale : 0;
  norm[place] = there ? static_cast<float>(own * own) : __int_as_float(0x7f800000);
}

}  // namespace mambasynth::kernels::cuda::device
