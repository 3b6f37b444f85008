#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"

// The scan for every type, number of states and stride: fp32, and bf16 where the fast kernels do not fit. A thread
// holds 4 states of one channel; states / 4 adjacent lanes hold the channel. All arithmetic is fp32.
namespace mambasynth::kernels::cuda::device {

template <class T, int states>
struct GenericScan {
  static constexpr int lanes = states / 4;
  static constexpr int channels = lanes < 8 ? 32 : 256 / lanes;  ///< of a block
  static constexpr int threads = channels * lanes;
  static constexpr int warps = threads / 32;
  static constexpr int steps = scan_save_steps<T>;
  static constexpr int flush = 256 / states < steps ? 256 / states : steps;  ///< steps between two sums over warps
};

/// Sum over the lanes of a channel; every lane gets it.
template <int lanes>
__device__ inline float channel_sum(float v) {
#pragma unroll
  for (int mask = lanes / 2; mask > 0; mask /= 2) v += __shfl_xor_sync(0xffffffffu, v, mask);
  return v;
}
/// Sum over the channels of a warp; every lane gets it.
template <int lanes>
__device__ inline float warp_state_sum(float v) {
#pragma unroll
  for (int mask = 16; mask >= lanes; mask /= 2) v += __shfl_xor_sync(0xffffffffu, v, mask);
  return v;
}

/// Rows of B and C of a chunk into shared memory; zeros past the end.
template <class T, int states>
__device__ inline void stage_states(ScanArgs<T> const& in, long long row, int first, float (*B)[states],
                                    float (*C)[states]) {
  using G = GenericScan<T, states>;
  for (int i = static_cast<int>(threadIdx.x); i < G::steps * states; i += G::threads) {
    int const s = i / states, n = i % states;
    bool const inside = first + s < in.time;
    B[s][n] = inside ? to_float(in.B[(row + s) * in.B_stride + n]) : 0.f;
    C[s][n] = inside ? to_float(in.C[(row + s) * in.C_stride + n]) : 0.f;
  }
}

/// Grid: sequences * ceil(channels / G::channels).
template <class T, int states>
__global__ void __launch_bounds__(GenericScan<T, states>::threads) scan_forward_generic(ScanArgs<T> in) {
  using G = GenericScan<T, states>;
  __shared__ float x[G::steps][G::channels], delta[G::steps][G::channels], y[G::steps][G::channels];
  __shared__ alignas(16) float B[G::steps][states], C[G::steps][states];
  int const groups = (in.channels + G::channels - 1) / G::channels;
  long long const sequence = blockIdx.x / groups;
  int const first_channel = static_cast<int>(blockIdx.x % groups) * G::channels;
  int const tid = static_cast<int>(threadIdx.x), local = tid / G::lanes, n0 = tid % G::lanes * 4;
  int const channel = first_channel + local;
  bool const mine = channel < in.channels;
  float A[4], h[4] = {};
#pragma unroll
  for (int k = 0; k < 4; ++k) A[k] = mine ? in.A[static_cast<long long>(channel) * states + n0 + k] * log2_e : 0.f;

  for (int first = 0; first < in.time; first += G::steps) {
    long long const row = sequence * in.time + first;
    __syncthreads();
    for (int i = tid; i < G::steps * G::channels; i += G::threads) {
      int const s = i / G::channels, c = i % G::channels, d = first_channel + c;
      bool const inside = first + s < in.time && d < in.channels;
      x[s][c] = inside ? to_float(in.x[(row + s) * in.x_stride + d]) : 0.f;
      delta[s][c] = inside ? softplus(to_float(in.delta[(row + s) * in.delta_stride + d]) + in.delta_bias[d]) : 0.f;
    }
    stage_states<T, states>(in, row, first, B, C);
    __syncthreads();
    if (in.saved != nullptr && mine) {
      long long const chunk = sequence * in.saved_chunks + first / G::steps;
      T* const saved = in.saved + saved_index<states>(chunk, in.channels, channel, n0);
#pragma unroll
      for (int k = 0; k < 4; ++k) saved[k] = from_float<T>(h[k]);
    }
#pragma unroll 4
    for (int s = 0; s < G::steps; ++s) {
      float const d = delta[s][local], dx = d * x[s][local];
      float sum = 0;
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        h[k] = exp2f(d * A[k]) * h[k] + dx * B[s][n0 + k];
        sum += C[s][n0 + k] * h[k];
      }
      sum = channel_sum<G::lanes>(sum);
      if (n0 == 0) y[s][local] = sum;
    }
    __syncthreads();
    for (int i = tid; i < G::steps * G::channels; i += G::threads) {
      int const s = i / G::channels, c = i % G::channels, d = first_channel + c;
      if (first + s >= in.time || d >= in.channels) continue;
      float const z = to_float(in.z[(row + s) * in.z_stride + d]);
      in.out[(row + s) * in.channels + d] = from_float<T>((y[s][c] + in.D[d] * x[s][c]) * z * sigmoid(z));
    }
  }
  if (in.last_state != nullptr && mine)
#pragma unroll
    for (int k = 0; k < 4; ++k) in.last_state[(sequence * in.channels + channel) * states + n0 + k] = h[k];
}

/// Grid: slab * ceil(channels / G::channels).
template <class T, int states>
__global__ void __launch_bounds__(GenericScan<T, states>::threads)
    scan_backward_generic(ScanArgs<T> in, ScanGradientArgs<T> g) {
  using G = GenericScan<T, states>;
  __shared__ float x[G::steps][G::channels], delta[G::steps][G::channels], dy[G::steps][G::channels];
  __shared__ float slope[G::steps][G::channels], gate[G::steps][G::channels];  // of softplus; dout silu'(z)
  __shared__ float y[G::steps][G::channels], sum_B[G::steps][G::channels], sum_decay[G::steps][G::channels];
  __shared__ alignas(16) float B[G::steps][states], C[G::steps][states];
  __shared__ float parts[G::warps][G::flush][2 * states];
  int const groups = (in.channels + G::channels - 1) / G::channels;
  int const group = static_cast<int>(blockIdx.x % groups);
  long long const in_slab = blockIdx.x / groups, sequence = g.first_sequence + in_slab;
  int const first_channel = group * G::channels;
  int const tid = static_cast<int>(threadIdx.x), local = tid / G::lanes, n0 = tid % G::lanes * 4;
  int const channel = first_channel + local, warp = tid / 32, lane = tid % 32;
  bool const mine = channel < in.channels;
  float A[4], dA[4] = {}, carry[4] = {}, dD = 0, dbias = 0;
#pragma unroll
  for (int k = 0; k < 4; ++k) A[k] = mine ? in.A[static_cast<long long>(channel) * states + n0 + k] * log2_e : 0.f;

  for (int first = (in.saved_chunks - 1) * G::steps; first >= 0; first -= G::steps) {
    long long const row = sequence * in.time + first;
    __syncthreads();
    for (int i = tid; i < G::steps * G::channels; i += G::threads) {
      int const s = i / G::channels, c = i % G::channels, d = first_channel + c;
      x[s][c] = delta[s][c] = dy[s][c] = slope[s][c] = gate[s][c] = 0.f;
      if (first + s >= in.time || d >= in.channels) continue;
      float const raw = to_float(in.delta[(row + s) * in.delta_stride + d]) + in.delta_bias[d];
      float const z = to_float(in.z[(row + s) * in.z_stride + d]), sz = sigmoid(z);
      float const dout = to_float(g.dout[(row + s) * in.channels + d]);
      x[s][c] = to_float(in.x[(row + s) * in.x_stride + d]);
      delta[s][c] = softplus(raw);
      slope[s][c] = softplus_slope(raw);
      dy[s][c] = dout * z * sz;
      gate[s][c] = dout * sz * (1.f + z * (1.f - sz));
    }
    stage_states<T, states>(in, row, first, B, C);
    __syncthreads();
    float h[G::steps + 1][4];
    long long const chunk = sequence * in.saved_chunks + first / G::steps;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      h[0][k] = mine ? to_float(in.saved[saved_index<states>(chunk, in.channels, channel, n0) + k]) : 0.f;
#pragma unroll
    for (int s = 0; s < G::steps; ++s) {
      float const d = delta[s][local], dx = d * x[s][local];
      float sum = 0;
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        h[s + 1][k] = exp2f(d * A[k]) * h[s][k] + dx * B[s][n0 + k];
        sum += C[s][n0 + k] * h[s + 1][k];
      }
      sum = channel_sum<G::lanes>(sum);
      if (n0 == 0) y[s][local] = sum;
    }
#pragma unroll
    for (int s = G::steps - 1; s >= 0; --s) {
      float const d = delta[s][local], dx = d * x[s][local], dy_s = dy[s][local];
      float with_B = 0, with_decay = 0;
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        float const G_k = dy_s * C[s][n0 + k] + carry[k];
        carry[k] = exp2f(d * A[k]) * G_k;
        float const in_exponent = carry[k] * h[s][k];
        with_B += G_k * B[s][n0 + k];
        with_decay += in_exponent * A[k];
        dA[k] += in_exponent * d;
        float const dB = warp_state_sum<G::lanes>(G_k * dx), dC = warp_state_sum<G::lanes>(dy_s * h[s + 1][k]);
        if (lane < G::lanes) {
          parts[warp][s % G::flush][n0 + k] = dB;
          parts[warp][s % G::flush][states + n0 + k] = dC;
        }
      }
      with_B = channel_sum<G::lanes>(with_B);
      with_decay = channel_sum<G::lanes>(with_decay);
      if (n0 == 0) sum_B[s][local] = with_B, sum_decay[s][local] = with_decay * (1.f / log2_e);
      if (s % G::flush == 0) {
        __syncthreads();
        for (int i = tid; i < G::flush * 2 * states; i += G::threads) {
          int const in_flush = i / (2 * states), n = i % (2 * states), t = first + s + in_flush;
          float sum = 0;
#pragma unroll
          for (int w = 0; w < G::warps; ++w) sum += parts[w][in_flush][n];
          if (t < in.time) g.state_parts[((group * g.slab + in_slab) * in.time + t) * 2 * states + n] = sum;
        }
        __syncthreads();
      }
    }
    for (int i = tid; i < G::steps * G::channels; i += G::threads) {
      int const s = i / G::channels, c = i % G::channels, d = first_channel + c;
      if (first + s >= in.time || d >= in.channels) continue;
      float const ddelta = (sum_decay[s][c] + x[s][c] * sum_B[s][c]) * slope[s][c];
      g.dx[(row + s) * in.channels + d] = from_float<T>(dy[s][c] * in.D[d] + delta[s][c] * sum_B[s][c]);
      g.ddelta[(row + s) * in.channels + d] = from_float<T>(ddelta);
      g.dz[(row + s) * g.dz_stride + d] = from_float<T>(gate[s][c] * (y[s][c] + in.D[d] * x[s][c]));
      dD += dy[s][c] * x[s][c];
      dbias += ddelta;
    }
  }
  // All of a thread's items above belong to channel tid % G::channels, because threads is a multiple of channels.
  __syncthreads();
  float* const sums = &parts[0][0][0];
  sums[tid] = dD;
  sums[G::threads + tid] = dbias;
  __syncthreads();
  if (tid < G::channels && first_channel + tid < in.channels) {
    dD = dbias = 0;
#pragma unroll
    for (int l = 0; l < G::lanes; ++l)
      dD += sums[l * G::channels + tid], dbias += sums[G::threads + l * G::channels + tid];
    float* const row = g.parameter_parts + (sequence * in.channels + first_channel + tid) * (states + 2);
    row[states] = dD;
    row[states + 1] = dbias;
  }
  if (mine)
#pragma unroll
    for (int k = 0; k < 4; ++k) g.parameter_parts[(sequence * in.channels + channel) * (states + 2) + n0 + k] = dA[k];
}

}  // namespace mambasynth::kernels::cuda::device
