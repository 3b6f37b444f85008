#pragma once

#include "kernels/cuda/dropout.cuh"
#include "kernels/cuda/partial_sums.cuh"
#include "kernels/cuda/vector.cuh"

// kernels/residual_norm.hpp, for features that are a multiple of 8 up to 1024: `lanes` threads of a warp (a power of
// two) hold a row in registers, each Vectors times 8 features; a warp holds 32 / lanes rows. Every array is read once.
// Statistics are of h rounded to T; the mean is taken first, so that the variance does not suffer from cancellation.
namespace mambasynth::kernels::cuda::device {

inline constexpr int norm_threads = 256, norm_width = 8;

template <class T>
struct NormForward {
  long long rows, steps;
  int features;
  T const *branch, *residual;               ///< residual may be nullptr
  float const *branch_bias, *gamma, *beta;  ///< branch_bias may be nullptr
  T *h, *u;
  float *mean, *rstd;  ///< or both nullptr
  DropoutArguments dropout;
};

template <class T>
struct NormBackward {
  long long rows, steps;
  int features;
  T const *h, *du, *dresidual;  ///< dresidual may be nullptr
  float const *mean, *rstd, *gamma;
  T *dh, *dbranch;  ///< dbranch may be nullptr
  float* partial;   ///< (block, three times features: dgamma, dbeta, dbranch_bias)
  DropoutArguments dropout;
};

inline constexpr float norm_eps = 1e-5F;

/// A thread's position: its lane in the row, and the first of the rows that its warp handles at a time.
struct NormPlace {
  int lane, sub;
  long long first, step;
  __device__ explicit NormPlace(int lanes) {
    int const in_warp = static_cast<int>(threadIdx.x) % 32, rows_of_warp = 32 / lanes;
    lane = in_warp % lanes;
    sub = in_warp / lanes;
    long long const warp = static_cast<long long>(blockIdx.x) * (norm_threads / 32) + threadIdx.x / 32;
    first = warp * rows_of_warp;
    step = static_cast<long long>(gridDim.x) * (norm_threads / 32) * rows_of_warp;
  }
};

__device__ inline float sum_of_row(float v, int lanes) {
  for (int apart = lanes / 2; apart > 0; apart /= 2) v += __shfl_xor_sync(0xffffffffU, v, apart);
  return v;
}

template <class T, int Vectors, int Unroll>
__global__ __launch_bounds__(norm_threads, Vectors == 1 ? 3 : 1) void residual_norm_forward(NormForward<T> a,
                                                                                            int lanes) {
  using Row = Packed<T, norm_width>;
  NormPlace const place(lanes);
  DropoutMask const mask(a.dropout);
  float gamma[Vectors][norm_width] = {}, beta[Vectors][norm_width] = {}, bias[Vectors][norm_width] = {};
  auto const column = [&](int k) { return (k * lanes + place.lane) * norm_width; };
#pragma unroll
  for (int k = 0; k < Vectors; ++k)
    if (column(k) < a.features) {
      load_floats(a.gamma + column(k), gamma[k]);
      load_floats(a.beta + column(k), beta[k]);
      if (a.branch_bias != nullptr) load_floats(a.branch_bias + column(k), bias[k]);
    }
  float const share = 1 / static_cast<float>(a.features);

  for (long long first = place.first; first < a.rows; first += Unroll * place.step) {  // the same for the whole warp
    Row branch[Unroll][Vectors], residual[Unroll][Vectors];
#pragma unroll
    for (int u = 0; u < Unroll; ++u)
#pragma unroll
      for (int k = 0; k < Vectors; ++k) {
        long long const row = first + u * place.step + place.sub, at = row * a.features + column(k);
        bool const inside = row < a.rows && column(k) < a.features;
        branch[u][k] = inside ? Row::load(a.branch + at) : Row::zero();
        residual[u][k] = inside && a.residual != nullptr ? Row::load(a.residual + at) : Row::zero();
      }
#pragma unroll
    for (int u = 0; u < Unroll; ++u) {
      long long const row = first + u * place.step + place.sub;
      float h[Vectors][norm_width], sum = 0, squares = 0;
#pragma unroll
      for (int k = 0; k < Vectors; ++k) {
        bool const inside = row < a.rows && column(k) < a.features;
        float other[norm_width];
        branch[u][k].to(h[k]);
        residual[u][k].to(other);
#pragma unroll
        for (int i = 0; i < norm_width; ++i) h[k][i] += bias[k][i];
        mask.apply_row(static_cast<unsigned>(row), static_cast<unsigned>(a.steps), a.features, column(k), h[k]);
#pragma unroll
        for (int i = 0; i < norm_width; ++i) h[k][i] += other[i];
        Row const rounded = Row::from(h[k]);
        rounded.to(h[k]);
        if (inside) rounded.store(a.h + row * a.features + column(k));
#pragma unroll
        for (int i = 0; i < norm_width; ++i) sum += h[k][i];  // lanes past the features hold zeros
      }
      float const mean = sum_of_row(sum, lanes) * share;
#pragma unroll
      for (int k = 0; k < Vectors; ++k)
        if (column(k) < a.features) {
#pragma unroll
          for (int i = 0; i < norm_width; ++i) squares += (h[k][i] - mean) * (h[k][i] - mean);
        }
      float const inverse = rsqrtf(sum_of_row(squares, lanes) * share + norm_eps);
      if (row >= a.rows) continue;
      if (a.mean != nullptr && place.lane == 0) {
        a.mean[row] = mean;
        a.rstd[row] = inverse;
      }
#pragma unroll
      for (int k = 0; k < Vectors; ++k) {
        if (column(k) >= a.features) break;
#pragma unroll
        for (int i = 0; i < norm_width; ++i) h[k][i] = (h[k][i] - mean) * inverse * gamma[k][i] + beta[k][i];
        Row::from(h[k]).store(a.u + row * a.features + column(k));
      }
    }
  }
}

/// With n = (h - mean) / deviation and g = du gamma: the norm's gradient is (g - mean(g) - n mean(g n)) / deviation.
template <class T, int Vectors, int Unroll>
__global__ __launch_bounds__(norm_threads, Vectors <= 2 ? 2 : 1) void residual_norm_backward(NormBackward<T> a,
                                                                                             int lanes) {
  using Row = Packed<T, norm_width>;
  __shared__ float shared[norm_threads * norm_width];
  NormPlace const place(lanes);
  DropoutMask const mask(a.dropout);
  float gamma[Vectors][norm_width] = {};
  float dgamma[Vectors][norm_width] = {}, dbeta[Vectors][norm_width] = {}, dbias[Vectors][norm_width] = {};
  auto const column = [&](int k) { return (k * lanes + place.lane) * norm_width; };
#pragma unroll
  for (int k = 0; k < Vectors; ++k)
    if (column(k) < a.features) load_floats(a.gamma + column(k), gamma[k]);
  float const share = 1 / static_cast<float>(a.features);

  for (long long first = place.first; first < a.rows; first += Unroll * place.step) {
    Row h[Unroll][Vectors], du[Unroll][Vectors], dresidual[Unroll][Vectors];
    float mean[Unroll], inverse[Unroll];
#pragma unroll
    for (int u = 0; u < Unroll; ++u) {
      long long const row = first + u * place.step + place.sub;
      mean[u] = row < a.rows ? a.mean[row] : 0;
      inverse[u] = row < a.rows ? a.rstd[row] : 0;
#pragma unroll
      for (int k = 0; k < Vectors; ++k) {
        long long const at = row * a.features + column(k);
        bool const inside = row < a.rows && column(k) < a.features;
        h[u][k] = inside ? Row::load(a.h + at) : Row::zero();
        du[u][k] = inside ? Row::load(a.du + at) : Row::zero();
        dresidual[u][k] = inside && a.dresidual != nullptr ? Row::load(a.dresidual + at) : Row::zero();
      }
    }
#pragma unroll
    for (int u = 0; u < Unroll; ++u) {
      long long const row = first + u * place.step + place.sub;
      float g[Vectors][norm_width], n[Vectors][norm_width], sum = 0, along = 0;
#pragma unroll
      for (int k = 0; k < Vectors; ++k) {  // lanes past the features and rows hold du = 0
        h[u][k].to(n[k]);
        du[u][k].to(g[k]);
#pragma unroll
        for (int i = 0; i < norm_width; ++i) {
          n[k][i] = (n[k][i] - mean[u]) * inverse[u];
          dbeta[k][i] += g[k][i];
          dgamma[k][i] += g[k][i] * n[k][i];
          g[k][i] *= gamma[k][i];
          sum += g[k][i];
          along += g[k][i] * n[k][i];
        }
      }
      sum = sum_of_row(sum, lanes) * share;
      along = sum_of_row(along, lanes) * share;
      if (row >= a.rows) continue;
#pragma unroll
      for (int k = 0; k < Vectors; ++k) {
        if (column(k) >= a.features) break;
        float other[norm_width];
        dresidual[u][k].to(other);
#pragma unroll
        for (int i = 0; i < norm_width; ++i) g[k][i] = other[i] + inverse[u] * (g[k][i] - sum - n[k][i] * along);
        Row::from(g[k]).store(a.dh + row * a.features + column(k));
        mask.apply_row(static_cast<unsigned>(row), static_cast<unsigned>(a.steps), a.features, column(k), g[k]);
        if (a.dbranch != nullptr) Row::from(g[k]).store(a.dbranch + row * a.features + column(k));
#pragma unroll
        for (int i = 0; i < norm_width; ++i) dbias[k][i] += g[k][i];
      }
    }
  }

  float* const to = a.partial + blockIdx.x * 3LL * a.features;
#pragma unroll
  for (int k = 0; k < Vectors; ++k) {
    int const begin = k * lanes * norm_width, left = a.features - begin;
    block_column_sums(dgamma[k], shared, lanes, to + begin, left);
    block_column_sums(dbeta[k], shared, lanes, to + a.features + begin, left);
    block_column_sums(dbias[k], shared, lanes, to + 2LL * a.features + begin, left);
  }
}

/// u = (h - mean) rstd gamma + beta. A thread keeps its N features and loops over the rows.
template <class T, int N, int Unroll>
__global__ __launch_bounds__(norm_threads, 4) void norm_recompute(long long rows, long long features, T const* h,
                                                                  float const* mean, float const* rstd,
                                                                  float const* gamma, float const* beta, T* u) {
  long long const c = (static_cast<long long>(blockIdx.y) * blockDim.x + threadIdx.x) * N;
  if (c >= features) return;
  float scale[N], shift[N];
  load_floats(gamma + c, scale);
  load_floats(beta + c, shift);
  long long const step = static_cast<long long>(gridDim.x) * blockDim.y;
  for (long long row = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y; row < rows;
       row += Unroll * step) {
    Packed<T, N> raw[Unroll];
    float middle[Unroll], inverse[Unroll];
#pragma unroll
    for (int k = 0; k < Unroll; ++k) {
      long long const at = row + k * step < rows ? row + k * step : row;
      raw[k] = Packed<T, N>::load(h + at * features + c);
      middle[k] = mean[at];
      inverse[k] = rstd[at];
    }
#pragma unroll
    for (int k = 0; k < Unroll; ++k) {
      if (row + k * step >= rows) break;
      float v[N];
      raw[k].to(v);
#pragma unroll
      for (int i = 0; i < N; ++i) v[i] = (v[i] - middle[k]) * inverse[k] * scale[i] + shift[i];
      Packed<T, N>::from(v).store(u + (row + k * step) * features + c);
    }
  }
}

}  // namespace mambasynth::kernels::cuda::device
