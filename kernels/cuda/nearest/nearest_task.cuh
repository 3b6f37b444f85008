#pragma once

#include "kernels/cuda/nearest/nearest_task.hpp"

namespace mambasynth::kernels::cuda::device {

template <class T>
__device__ inline bool excluded(NearestTask<T> const& task, long long i, long long j) {
  if (i == j) return true;
  if (task.steps == 0) return false;
  long long const apart = task.time[j] - task.time[i];
  return (apart < 0 ? -apart : apart) <= task.steps;
}

/// Four adjacent values as double.
__device__ inline void load4(float const* from, double (&to)[4]) {
  float4 const v = *reinterpret_cast<float4 const*>(from);
  to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
}
__device__ inline void load4(double const* from, double (&to)[4]) {
  double2 const low = *reinterpret_cast<double2 const*>(from), high = *reinterpret_cast<double2 const*>(from + 2);
  to[0] = low.x, to[1] = low.y, to[2] = high.x, to[3] = high.y;
}

/// The next term of a squared distance; summed in the order of the dimensions, the result is bit-identical everywhere.
/// The zeros past a row's end add nothing.
__device__ inline double add_square(double x, double y, double sum) {
  double const difference = __dsub_rn(x, y);
  return __fma_rn(difference, difference, sum);
}

/// Ascending by key, equal keys by index, in place, by the whole block: bitonic merges whose first step compares mirror
/// images, so that all comparisons go the same way and elements past the end can be ignored.
__device__ inline void sort_pairs(unsigned long long* key, int* index, int count) {
  auto const order = [&](int a, int b) {
    if (b >= count) return;
    bool const swapped = key[b] < key[a] || (key[b] == key[a] && index[b] < index[a]);
    if (!swapped) return;
    unsigned long long const k = key[a];
    key[a] = key[b], key[b] = k;
    int const i = index[a];
    index[a] = index[b], index[b] = i;
  };
  int pairs = 1;
  while (2 * pairs < count) pairs *= 2;
  for (int width = 1; width < count; width *= 2) {
    __syncthreads();
    for (int t = threadIdx.x; t < pairs; t += blockDim.x) {
      int const within = t % width, start = (t - within) * 2;
      order(start + within, start + 2 * width - 1 - within);
    }
    for (int apart = width / 2; apart > 0; apart /= 2) {
      __syncthreads();
      for (int t = threadIdx.x; t < pairs; t += blockDim.x) {
        int const within = t % apart, a = (t - within) * 2 + within;
        order(a, a + apart);
      }
    }
  }
  __syncthreads();
}

}  // namespace mambasynth::kernels::cuda::device
