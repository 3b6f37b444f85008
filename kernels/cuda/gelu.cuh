#pragma once

#include "kernels/cuda/partial_sums.cuh"
#include "kernels/cuda/vector.cuh"

// kernels/gelu.hpp. A thread keeps N columns, with their bias in registers, and loops over the rows.
namespace mambasynth::kernels::cuda::device {

inline constexpr int gelu_threads = 256;

/// Phi(a) and, for the derivative, phi(a) = exp(-a^2/2) / sqrt(2 pi). Where the result is rounded to bf16, Phi comes
/// from the same exponential (Abramowitz & Stegun 7.1.26, error below 1e-7): erff alone would take longer than the
/// memory traffic.
template <class T>
__device__ inline float normal_cdf(float a, float& density) {
  constexpr float inverse_root_2pi = 0.3989422804014327F;
  float const e = exponential<T>(-0.5F * a * a);
  density = inverse_root_2pi * e;
  if constexpr (sizeof(T) == 4) return 0.5F + 0.5F * erff(a * 0.7071067811865476F);
  float const t = reciprocal<T>(1 + 0.3275911F * 0.7071067811865476F * fabsf(a));
  float const half_erfc =
      t *
      (0.5F * 0.254829592F + t * (0.5F * -0.284496736F +
                                  t * (0.5F * 1.421413741F + t * (0.5F * -1.453152027F + t * (0.5F * 1.061405429F))))) *
      e;
  return a < 0 ? half_erfc : 1 - half_erfc;
}

template <class T, int N, int Unroll>
__global__ __launch_bounds__(gelu_threads) void gelu_forward(long long rows, long long columns, T const* pre,
                                                             float const* bias, T* out) {
  long long const c = (static_cast<long long>(blockIdx.y) * blockDim.x + threadIdx.x) * N;
  if (c >= columns) return;
  float b[N];
  load_floats(bias + c, b);
  long long const step = static_cast<long long>(gridDim.x) * blockDim.y;
  for (long long row = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y; row < rows;
       row += Unroll * step) {
    Packed<T, N> raw[Unroll];
#pragma unroll
    for (int u = 0; u < Unroll; ++u)
      if (row + u * step < rows) raw[u] = Packed<T, N>::load(pre + (row + u * step) * columns + c);
#pragma unroll
    for (int u = 0; u < Unroll; ++u) {
      if (row + u * step >= rows) break;
      float a[N], density;
      raw[u].to(a);
#pragma unroll
      for (int i = 0; i < N; ++i) {
        a[i] += b[i];
        a[i] *= normal_cdf<T>(a[i], density);
      }
      Packed<T, N>::from(a).store(out + (row + u * step) * columns + c);
    }
  }
}

/// partial: (block along the rows, column).
template <class T, int N, int Unroll>
__global__ __launch_bounds__(gelu_threads) void gelu_backward(long long rows, long long columns, T const* pre,
                                                              float const* bias, T const* dout, T* dpre,
                                                              float* partial) {
  __shared__ float shared[gelu_threads * N];
  long long const first = static_cast<long long>(blockIdx.y) * blockDim.x * N, c = first + threadIdx.x * N;
  float b[N] = {}, dbias[N] = {};
  long long const step = static_cast<long long>(gridDim.x) * blockDim.y;
  if (c < columns) {
    load_floats(bias + c, b);
    for (long long row = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y; row < rows;
         row += Unroll * step) {
      Packed<T, N> raw[Unroll], raw_gradient[Unroll];
#pragma unroll
      for (int u = 0; u < Unroll; ++u) {
        if (row + u * step >= rows) break;
        raw[u] = Packed<T, N>::load(pre + (row + u * step) * columns + c);
        raw_gradient[u] = Packed<T, N>::load(dout + (row + u * step) * columns + c);
      }
#pragma unroll
      for (int u = 0; u < Unroll; ++u) {
        if (row + u * step >= rows) break;
        float a[N], g[N], density;
        raw[u].to(a);
        raw_gradient[u].to(g);
#pragma unroll
        for (int i = 0; i < N; ++i) {
          a[i] += b[i];
          float const cdf = normal_cdf<T>(a[i], density);
          g[i] *= cdf + a[i] * density;
          dbias[i] += g[i];
        }
        Packed<T, N>::from(g).store(dpre + (row + u * step) * columns + c);
      }
    }
  }
  block_column_sums(dbias, shared, static_cast<int>(blockDim.x), partial + blockIdx.x * columns + first,
                    columns - first);
}

}  // namespace mambasynth::kernels::cuda::device
