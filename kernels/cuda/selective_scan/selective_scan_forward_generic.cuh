#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"

// The forward scan where the fast one does not fit: any stride and number of channels. A thread holds 4 states of one
// channel; states / 4 adjacent lanes hold the channel. All arithmetic is fp32. It knows no segments.
namespace mambasynth::kernels::cuda::device {

template <class T, int states>
struct GenericScan {
  static constexpr int lanes = states / 4;
  static constexpr int channels = lanes < 8 ? 32 : 256 / lanes;  ///< of a block
  static constexpr int threads = channels * lanes;
  static constexpr int steps = scan_save_steps<T>;
};

/// Sum over the lanes of a channel; every lane gets it.
template <int lanes>
__device__ inline float channel_sum(float v) {
#pragma unroll
  for (int mask = lanes / 2; mask > 0; mask /= 2) v += __shfl_xor_sync(0xffffffffu, v, mask);
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
      delta[s][c] = inside ? delta_of(in, to_float(in.delta[(row + s) * in.delta_stride + d]) + in.delta_bias[d]) : 0.f;
    }
    stage_states<T, states>(in, row, first, B, C);
    __syncthreads();
    if (in.saved != nullptr && mine) {
      long long const chunk = sequence * in.saved_chunks + first / G::steps;
      T* const saved = in.saved + saved_index<states>(chunk, in.channels, channel, n0);
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        saved[k] = from_float<T>(h[k]);
        if (states < 8) saved[4 + k] = from_float<T>(0.f);
      }
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

}  // namespace mambasynth::kernels::cuda::device
