#pragma once

#include "kernels/cuda/residual_norm.cuh"

// kernels/residual_norm.hpp for any number of features and any alignment: one warp per row, which reads the row once
// for each quantity that depends on all of it.
namespace mambasynth::kernels::cuda::device {

template <class T>
__global__ __launch_bounds__(norm_threads) void residual_norm_forward_any(NormForward<T> a) {
  NormPlace const place(32);
  DropoutMask const mask(a.dropout);
  float const share = 1 / static_cast<float>(a.features);
  for (long long row = place.first; row < a.rows; row += place.step) {
    long long const sample = row / a.steps, element = (row - sample * a.steps) * a.features, at = row * a.features;
    float sum = 0, squares = 0;
    for (int c = place.lane; c < a.features; c += 32) {
      float v[1] = {to_float(a.branch[at + c]) + (a.branch_bias != nullptr ? a.branch_bias[c] : 0)};
      mask.apply(sample, element + c, v);
      if (a.residual != nullptr) v[0] += to_float(a.residual[at + c]);
      T const h = from_float<T>(v[0]);
      a.h[at + c] = h;
      sum += to_float(h);
    }
    float const mean = sum_of_row(sum, 32) * share;
    for (int c = place.lane; c < a.features; c += 32) {
      float const d = to_float(a.h[at + c]) - mean;
      squares += d * d;
    }
    float const inverse = rsqrtf(sum_of_row(squares, 32) * share + norm_eps);
    if (a.mean != nullptr && place.lane == 0) {
      a.mean[row] = mean;
      a.rstd[row] = inverse;
    }
    for (int c = place.lane; c < a.features; c += 32)
      a.u[at + c] = from_float<T>((to_float(a.h[at + c]) - mean) * inverse * a.gamma[c] + a.beta[c]);
  }
}

/// dgamma, dbeta and dbranch_bias come from norm_column_sums_any.
template <class T>
__global__ __launch_bounds__(norm_threads) void residual_norm_backward_any(NormBackward<T> a) {
  NormPlace const place(32);
  DropoutMask const mask(a.dropout);
  float const share = 1 / static_cast<float>(a.features);
  for (long long row = place.first; row < a.rows; row += place.step) {
    long long const sample = row / a.steps, element = (row - sample * a.steps) * a.features, at = row * a.features;
    float const mean = a.mean[row], inverse = a.rstd[row];
    float sum = 0, along = 0;
    for (int c = place.lane; c < a.features; c += 32) {
      float const g = to_float(a.du[at + c]) * a.gamma[c];
      sum += g;
      along += g * ((to_float(a.h[at + c]) - mean) * inverse);
    }
    sum = sum_of_row(sum, 32) * share;
    along = sum_of_row(along, 32) * share;
    for (int c = place.lane; c < a.features; c += 32) {
      float const n = (to_float(a.h[at + c]) - mean) * inverse, g = to_float(a.du[at + c]) * a.gamma[c];
      float v[1] = {inverse * (g - sum - n * along)};
      if (a.dresidual != nullptr) v[0] += to_float(a.dresidual[at + c]);
      a.dh[at + c] = from_float<T>(v[0]);
      if (a.dbranch == nullptr) continue;
      mask.apply(sample, element + c, v);
      a.dbranch[at + c] = from_float<T>(v[0]);
    }
  }
}

/// One thread per feature and run of rows. Runs after residual_norm_backward_any, whose rounded dbranch it sums.
template <class T>
__global__ __launch_bounds__(32) void norm_column_sums_any(NormBackward<T> a, long long run) {
  int const c = static_cast<int>(blockIdx.y * 32 + threadIdx.x);
  if (c >= a.features) return;
  DropoutMask const mask(a.dropout);
  float dgamma = 0, dbeta = 0, dbias = 0;
  long long const begin = blockIdx.x * run, end = begin + run < a.rows ? begin + run : a.rows;
  for (long long row = begin; row < end; ++row) {
    long long const sample = row / a.steps, element = (row - sample * a.steps) * a.features, at = row * a.features + c;
    float const du = to_float(a.du[at]);
    dbeta += du;
    dgamma += du * ((to_float(a.h[at]) - a.mean[row]) * a.rstd[row]);
    float v[1] = {to_float(a.dbranch != nullptr ? a.dbranch[at] : a.dh[at])};
    if (a.dbranch == nullptr) mask.apply(sample, element + c, v);
    dbias += v[0];
  }
  float* const to = a.partial + blockIdx.x * 3LL * a.features + c;
  to[0] = dgamma;
  to[a.features] = dbeta;
  to[2LL * a.features] = dbias;
}

}  // namespace mambasynth::kernels::cuda::device
