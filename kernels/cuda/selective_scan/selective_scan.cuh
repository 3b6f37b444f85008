#pragma once

#include "kernels/cuda/approximate.cuh"
#include "kernels/cuda/element.cuh"

// What the kernels of the selective scan share (equations: kernels/selective_scan.hpp, selective_scan_reference.cpp).
namespace mambasynth::kernels::cuda::device {

/// Steps between two saved states. Saved: (batch, saved chunk, group of 8 states, channel, state of the group) in T,
/// the state before a chunk's first step. bf16: the backward keeps the decays of a chunk in registers, which hold 8
/// steps.
template <class T>
inline constexpr int scan_save_steps = sizeof(T) == 4 ? 16 : 8;

/// States per channel in `saved`: 4 are filled up with zeros.
__host__ __device__ constexpr int saved_states(int states) { return states < 8 ? 8 : states; }
/// Offset of a channel's state n in `saved`: 8 states are 16 bytes of bf16, and those of adjacent channels are
/// adjacent. chunk: counted over all sequences.
template <int states>
__device__ inline long long saved_index(long long chunk, int channels, int channel, int n) {
  return chunk * channels * saved_states(states) + (static_cast<long long>(n / 8) * channels + channel) * 8 + n % 8;
}

/// Arrays as in ScanInputs. Few sequences are split into segments of `segment_steps` (a multiple of 16), each a block
/// of its own that begins with the state in `initial` (selective_scan_segments.cuh).
template <class T>
struct ScanArgs {
  int time, channels, saved_chunks;
  int segments, segment_steps;
  float const* initial;  ///< (batch, segment, channel, state), or nullptr: zeros
  T const *x, *delta, *z, *B, *C;
  long long x_stride, delta_stride, z_stride, B_stride, C_stride;
  float const *A, *D, *delta_bias;
  T const *dt, *dt_weight;  ///< delta's factors, of rank 8 (backward for bf16 only); nullptr: delta is given
  long long dt_stride;
  T* out;             ///< forward only
  T* saved;           ///< written by the forward (may be nullptr), read by the backward
  float* last_state;  ///< may be nullptr
  bool softplus;      ///< always true in the fast kernels
};

/// A block's steps [begin, end). `number` counts segments over all sequences.
struct Segment {
  long long number, sequence;
  int index, begin, end;
};
template <class T>
__device__ inline Segment segment(ScanArgs<T> const& in, long long number) {
  long long const sequence = number / in.segments;
  int const index = static_cast<int>(number % in.segments), begin = index * in.segment_steps;
  return {number, sequence, index, begin, begin + min(in.segment_steps, in.time - begin)};
}

/// Gradients as in ScanGradients; sums over blocks go to the workspace first.
template <class T>
struct ScanGradientArgs {
  T const* dout;
  T *dx, *ddelta, *dz;
  T* out;              ///< the forward's output, computed again, or nullptr; may be dout
  float const* carry;  ///< what later segments leave (batch, segment, channel, state), or nullptr: zeros
  long long dz_stride;
  float* state_parts;  ///< (channel group, sequence of the slab, time, dB then dC: 2 states), bf16 in the fast kernels
  float* parameter_parts;          ///< (batch and segment, channel, states of dA then dD, ddelta_bias)
  long long first_sequence, slab;  ///< this launch's sequences
};

inline constexpr float log2_e = 1.4426950408889634f;

__device__ inline float sigmoid(float v) { return 1.f / (1.f + __expf(-v)); }
__device__ inline float softplus(float v) { return v > 20.f ? v : log1pf(expf(v)); }
__device__ inline float softplus_slope(float v) { return v > 20.f ? 1.f : 1.f / (1.f + expf(-v)); }
/// delta and its slope, from its value after the bias.
template <class T>
__device__ inline float delta_of(ScanArgs<T> const& in, float raw) {
  return in.softplus ? softplus(raw) : raw;
}
template <class T>
__device__ inline float delta_slope_of(ScanArgs<T> const& in, float raw) {
  return in.softplus ? softplus_slope(raw) : 1.f;
}

/// Accurate to about 20 bits, for activations in bf16. e = exp(v).
__device__ inline float softplus_approx(float v, float e) {
  // The series of the logarithm where 1 + e would lose the bits of e.
  float const small = e * (1.f - e * (0.5f - e * (1.f / 3))), large = log2_approx(1.f + e) * (1.f / log2_e);
  return v > 20.f ? v : e < 1.f / 64 ? small : large;
}
__device__ inline float sigmoid_approx(float v) { return reciprocal_approx(1.f + exp2_approx(-log2_e * v)); }

}  // namespace mambasynth::kernels::cuda::device
