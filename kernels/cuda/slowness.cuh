#pragma once

#include "kernels/cuda/block_sum.cuh"
#include "kernels/cuda/vector.cuh"

// kernels/slowness.hpp. A thread keeps its columns and loops over some steps, with a step and its neighbors in
// registers: each element is read once, except the two steps next to a thread's own.
namespace mambasynth::kernels::cuda::device {

inline constexpr int slowness_threads = 256, slowness_steps = 16, slowness_unroll = 4;

template <class T>
struct SlownessArguments {
  long long time;
  int features;
  float factor;  ///< 2 weight
  T const* h;
  T* dh;
  double* squares;  ///< (window, part)
};

/// Grid: (part of the steps, window). Block: (N columns each, runs of slowness_steps).
template <class T, int N>
__global__ __launch_bounds__(slowness_threads) void slowness(SlownessArguments<T> a) {
  __shared__ double sums[slowness_threads];
  long long const window = blockIdx.y * a.time * a.features;
  long long const begin = (static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y) * slowness_steps;
  long long const end = begin + slowness_steps < a.time ? begin + slowness_steps : a.time;
  double squares = 0;
  for (int c = static_cast<int>(threadIdx.x) * N; c < a.features && begin < end;
       c += static_cast<int>(blockDim.x) * N) {
    T const* const h = a.h + window + c;
    T* const dh = a.dh + window + c;
    auto const row = [&](T const* from, long long t) { return Packed<T, N>::load(from + t * a.features); };
    float now[N], since[N] = {};
    row(h, begin).to(now);
    if (begin > 0) {
      float before[N];
      row(h, begin - 1).to(before);
#pragma unroll
      for (int i = 0; i < N; ++i) since[i] = now[i] - before[i];
    }
    float sum = 0;
    for (long long first = begin; first < end; first += slowness_unroll) {
      // All loads come before the first store, because the compiler would not move a load past it.
      Packed<T, N> following[slowness_unroll], there[slowness_unroll];
#pragma unroll
      for (int u = 0; u < slowness_unroll; ++u) {
        long long const t = first + u;
        following[u] = t < end && t + 1 < a.time ? row(h, t + 1) : Packed<T, N>::zero();
        there[u] = t < end ? row(dh, t) : Packed<T, N>::zero();
      }
#pragma unroll
      for (int u = 0; u < slowness_unroll; ++u) {
        long long const t = first + u;
        if (t >= end) break;
        float next[N], gradient[N];
        following[u].to(next);
        there[u].to(gradient);
#pragma unroll
        for (int i = 0; i < N; ++i) {
          float const until = t + 1 < a.time ? next[i] - now[i] : 0;
          sum += since[i] * since[i];
          gradient[i] += a.factor * (since[i] - until);
          since[i] = until;
          now[i] = next[i];
        }
        Packed<T, N>::from(gradient).store(dh + t * a.features);
      }
    }
    squares += sum;
  }
  squares = block_sum(squares, sums);
  if (threadIdx.x == 0 && threadIdx.y == 0)
    a.squares[blockIdx.y * static_cast<long long>(gridDim.x) + blockIdx.x] = squares;
}

/// One thread per window.
template <int Unused = 0>
__global__ __launch_bounds__(slowness_threads) void slowness_totals(long long windows, int parts, double const* squares,
                                                                    double* window_sum) {
  long long const b = static_cast<long long>(blockIdx.x) * slowness_threads + threadIdx.x;
  if (b >= windows) return;
  double sum = 0;
  for (int part = 0; part < parts; ++part) sum += squares[b * parts + part];
  window_sum[b] += sum;
}

}  // namespace mambasynth::kernels::cuda::device
