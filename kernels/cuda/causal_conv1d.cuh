#pragma once

#include "kernels/cuda/partial_sums.cuh"
#include "kernels/cuda/vector.cuh"

// kernels/causal_conv1d.hpp. A thread handles N channels of `chunk` steps of one window; the inputs of the last taps
// stay in registers, so that x is read once (and d_conv - 1 steps of the neighboring chunk again, from the cache).
// Filters shorter than DConv are padded with leading zeros.
namespace mambasynth::kernels::cuda::device {

inline constexpr int conv_threads = 128;

/// A window has fewer than 2^31 elements, stride included.
struct ConvExtent {
  long long batch;
  int time, channels, d_conv;
  int chunk;   ///< steps of a thread
  int chunks;  ///< of a window
};

template <int N, int DConv>
struct ConvWeights {
  float weight[DConv][N], bias[N];
  __device__ ConvWeights(ConvExtent const& s, float const* w, float const* b, long long c) {
    load_floats(b + c, bias);
#pragma unroll
    for (int j = 0; j < DConv; ++j)
#pragma unroll
      for (int i = 0; i < N; ++i) {
        int const tap = j - (DConv - s.d_conv);
        weight[j][i] = tap >= 0 ? w[(c + i) * s.d_conv + tap] : 0;
      }
  }
  /// The pre-activation at the last of the DConv steps that begin at `first`.
  template <int Kept>
  __device__ float operator()(float const (&x)[Kept][N], int first, int i) const {
    float sum = bias[i];
#pragma unroll
    for (int j = 0; j < DConv; ++j) sum += weight[j][i] * x[first + j][i];
    return sum;
  }
};

/// Rows [from, from + Rows) of one window; zeros where `inside` is false.
template <class T, int N, int Rows, class Inside>
__device__ inline void load_rows(T const* p, int stride, int from, Inside const& inside, Packed<T, N> (&rows)[Rows]) {
#pragma unroll
  for (int u = 0; u < Rows; ++u)
    rows[u] = inside(from + u) ? Packed<T, N>::load(p + (from + u) * stride) : Packed<T, N>::zero();
}

/// Loads the rows of the next Unroll steps while computing the current ones.
template <class T, int N, int DConv, int Unroll>
__global__ __launch_bounds__(conv_threads, 4) void causal_conv1d_forward(ConvExtent s, T const* x, int x_stride,
                                                                         float const* weight, float const* bias,
                                                                         T* out) {
  long long const c = (static_cast<long long>(blockIdx.y) * blockDim.x + threadIdx.x) * N;
  long long const task = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (c >= s.channels || task >= s.batch * s.chunks) return;
  long long const b = task / s.chunks;
  int const begin = static_cast<int>(task - b * s.chunks) * s.chunk;
  int const end = begin + s.chunk < s.time ? begin + s.chunk : s.time;
  x += b * s.time * x_stride + c;
  out += b * s.time * s.channels + c;
  auto const inside = [end](int t) { return t >= 0 && t < end; };
  Packed<T, N> raw[Unroll], before[DConv - 1];
  load_rows<T, N>(x, x_stride, begin, inside, raw);
  load_rows<T, N>(x, x_stride, begin - (DConv - 1), inside, before);
  ConvWeights<N, DConv> const w(s, weight, bias, c);

  float kept[DConv - 1 + Unroll][N];
#pragma unroll
  for (int j = 0; j < DConv - 1; ++j) before[j].to(kept[j]);
  for (int t = begin; t < end; t += Unroll) {
#pragma unroll
    for (int u = 0; u < Unroll; ++u) raw[u].to(kept[DConv - 1 + u]);
    load_rows<T, N>(x, x_stride, t + Unroll, inside, raw);
#pragma unroll
    for (int u = 0; u < Unroll; ++u) {
      if (t + u >= end) break;
      float y[N];
#pragma unroll
      for (int i = 0; i < N; ++i) {
        float const v = w(kept, u, i);
        y[i] = v * reciprocal<T>(1 + exponential<T>(-v));
      }
      Packed<T, N>::from(y).store(out + (t + u) * s.channels);
    }
#pragma unroll
    for (int j = 0; j < DConv - 1; ++j)
#pragma unroll
      for (int i = 0; i < N; ++i) kept[j][i] = kept[j + Unroll][i];
  }
}

/// Prefetches a row that will be read later into L2, which takes no registers.
template <class T>
__device__ inline void ask_for(T const* p) {
  asm volatile("prefetch.global.L2 [%0];" ::"l"(p));
}

/// dx[t] needs dv[t + d_conv - 1], so a chunk runs d_conv - 1 steps into the next one, which counts those steps for
/// dweight. partial: (block along the tasks, dweight as (channel, tap) and then dbias).
template <class T, int N, int DConv, int Unroll, int MinBlocks>
__global__ __launch_bounds__(conv_threads, MinBlocks) void causal_conv1d_backward(ConvExtent s, T const* x,
                                                                                  int x_stride, float const* weight,
                                                                                  float const* bias, T const* dout,
                                                                                  T* dx, int dx_stride,
                                                                                  float* partial) {
  __shared__ float shared[conv_threads * N];
  long long const first_channel = static_cast<long long>(blockIdx.y) * blockDim.x * N,
                  c = first_channel + threadIdx.x * N;
  long long const task = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y;
  float dweight[DConv][N] = {}, dbias[N] = {};
  if (c < s.channels && task < s.batch * s.chunks) {
    long long const b = task / s.chunks;
    int const begin = static_cast<int>(task - b * s.chunks) * s.chunk;
    int const time = s.time, end = begin + s.chunk < time ? begin + s.chunk : time;
    int const last = end + DConv - 1;
    x += b * s.time * x_stride + c;
    dout += b * s.time * s.channels + c;
    dx += b * s.time * dx_stride + c;
    auto const inside = [time, last](int t) { return t >= 0 && t < time && t < last; };
    Packed<T, N> raw[Unroll], raw_gradient[Unroll], before[DConv - 1];
    load_rows<T, N>(x, x_stride, begin - (DConv - 1), inside, before);
    ConvWeights<N, DConv> const w(s, weight, bias, c);

    float kept[DConv - 1 + Unroll][N], dv[DConv - 1 + Unroll][N];
#pragma unroll
    for (int j = 0; j < DConv - 1; ++j) {
      before[j].to(kept[j]);
#pragma unroll
      for (int i = 0; i < N; ++i) dv[j][i] = 0;
    }
    for (int t = begin; t < last; t += Unroll) {
      load_rows<T, N>(x, x_stride, t, inside, raw);
      load_rows<T, N>(dout, s.channels, t, inside, raw_gradient);
#pragma unroll
      for (int u = 0; u < Unroll; ++u)
        if (inside(t + Unroll + u)) {
          ask_for(x + (t + Unroll + u) * x_stride);
          ask_for(dout + (t + Unroll + u) * s.channels);
        }
#pragma unroll
      for (int u = 0; u < Unroll; ++u) {
        raw[u].to(kept[DConv - 1 + u]);
        raw_gradient[u].to(dv[DConv - 1 + u]);
      }
#pragma unroll
      for (int u = 0; u < Unroll; ++u) {
        float const ours = t + u < end ? 1 : 0;
        float gradient[N];
#pragma unroll
        for (int i = 0; i < N; ++i) {
          float const v = w(kept, u, i), sigmoid = reciprocal<T>(1 + exponential<T>(-v));
          float const d = dv[DConv - 1 + u][i] * sigmoid * (1 + v * (1 - sigmoid));
          dv[DConv - 1 + u][i] = d;
          float const counted = d * ours;
          dbias[i] += counted;
          gradient[i] = 0;
#pragma unroll
          for (int j = 0; j < DConv; ++j) {
            dweight[j][i] += counted * kept[u + j][i];
            gradient[i] += w.weight[DConv - 1 - j][i] * dv[u + j][i];
          }
        }
        int const at = t + u - (DConv - 1);
        if (at >= begin && at < end) Packed<T, N>::from(gradient).store(dx + at * dx_stride);
      }
#pragma unroll
      for (int j = 0; j < DConv - 1; ++j)
#pragma unroll
        for (int i = 0; i < N; ++i) {
          kept[j][i] = kept[j + Unroll][i];
          dv[j][i] = dv[j + Unroll][i];
        }
    }
  }

  int const lanes = static_cast<int>(blockDim.x);
  float* const row = partial + static_cast<long long>(blockIdx.x) * s.channels * (s.d_conv + 1);
#pragma unroll
  for (int j = 0; j < DConv; ++j) {
    int const tap = j - (DConv - s.d_conv);
    if (tap >= 0)
      block_column_sums(dweight[j], shared, lanes, row + first_channel * s.d_conv + tap, s.channels - first_channel,
                        s.d_conv);
  }
  block_column_sums(dbias, shared, lanes, row + s.channels * s.d_conv + first_channel, s.channels - first_channel);
}

}  // namespace mambasynth::kernels::cuda::device
