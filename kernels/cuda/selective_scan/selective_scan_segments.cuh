#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"

// Few sequences do not fill the GPU, so each is split into segments that are scanned at the same time. A segment maps
// the state before it to the one after it by h -> exp(A sum(delta)) h + end, where `end` is the state that it reaches
// from zero (Blelloch 1990, prefix sums of affine maps). First all ends, then the states between segments one after the
// other, then the usual kernels for every segment. The backward's carry is the same recurrence in reverse, with
// dy C in place of delta x B, added before the decay instead of after it.
namespace mambasynth::kernels::cuda::device {

template <int states_>
struct SegmentScan {
  static constexpr int states = states_, own = states < 8 ? states : 8;  ///< of a thread
  static constexpr int lanes = states / own, threads = 128, channels = threads / lanes, steps = 16;
};

/// A thread's share of a chunk's inputs, read before the chunk before it is computed. x: of the reverse, dout; states:
/// B, or of the reverse C.
template <class T, class S, bool reverse>
struct SegmentInputs {
  static constexpr int items = S::steps * S::channels / S::threads,
                       state_items = (S::steps * S::states + S::threads - 1) / S::threads;
  float delta[items], x[items], z[reverse ? items : 1], states[state_items];

  __device__ void read(ScanArgs<T> const& in, T const* from_x, long long x_stride, Segment const& part, int first,
                       int channel0) {
    long long const row = part.sequence * in.time + first;
    int const tid = static_cast<int>(threadIdx.x), left = part.end - first;  // steps, if positive
    T const* const from = reverse ? in.C : in.B;
    long long const stride = reverse ? in.C_stride : in.B_stride;
#pragma unroll
    for (int i = 0; i < items; ++i) {
      int const s = (i * S::threads + tid) / S::channels, d = channel0 + tid % S::channels;
      bool const inside = s < left && first >= part.begin && d < in.channels;
      delta[i] = inside ? to_float(in.delta[(row + s) * in.delta_stride + d]) : 0.f;
      x[i] = inside ? to_float(from_x[(row + s) * x_stride + d]) : 0.f;
      if (reverse) z[i] = inside ? to_float(in.z[(row + s) * in.z_stride + d]) : 0.f;
    }
#pragma unroll
    for (int i = 0; i < state_items; ++i) {
      int const at = i * S::threads + tid, s = at / S::states;
      bool const inside = s < left && s < S::steps && first >= part.begin;
      states[i] = inside ? to_float(from[(row + s) * stride + at % S::states]) : 0.f;
    }
  }
};

/// The ends of all segments but the last (in reverse: the first), to `ends` (batch, segment, channel, state), and their
/// sums of delta / ln 2, to `deltas` (batch, segment, channel). Grid: batch * segments * ceil(channels / S::channels).
/// x: of the reverse, dout.
template <class T, class S, bool reverse>
__global__ void __launch_bounds__(S::threads)
    scan_segment_ends(ScanArgs<T> in, T const* x, long long x_stride, float* ends, float* deltas) {
  __shared__ float delta[S::steps][S::channels], weight[S::steps][S::channels];  // of B, or of C
  __shared__ alignas(16) float with[S::steps][S::states];                        // B or C
  int const tid = static_cast<int>(threadIdx.x), local = tid / S::lanes, n0 = tid % S::lanes * S::own;
  int const groups = (in.channels + S::channels - 1) / S::channels,
            first_channel = static_cast<int>(blockIdx.x % groups) * S::channels, channel = first_channel + local;
  Segment const part = segment(in, blockIdx.x / groups);
  if (part.index == (reverse ? 0 : in.segments - 1)) return;
  bool const mine = channel < in.channels;
  int const staged = first_channel + tid % S::channels;  // the channel whose inputs this thread reads
  float const bias = staged < in.channels ? in.delta_bias[staged] : 0.f;
  float A[S::own], h[S::own] = {}, sum = 0;
#pragma unroll
  for (int k = 0; k < S::own; ++k)
    A[k] = mine ? in.A[static_cast<long long>(channel) * S::states + n0 + k] * log2_e : 0.f;

  int const chunks = (part.end - part.begin + S::steps - 1) / S::steps;
  auto const first_of = [&](int c) { return part.begin + (reverse ? chunks - 1 - c : c) * S::steps; };
  using Inputs = SegmentInputs<T, S, reverse>;
  Inputs ahead;
  ahead.read(in, x, x_stride, part, first_of(0), first_channel);
  for (int c = 0; c < chunks; ++c) {
    int const first = first_of(c);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < Inputs::items; ++i) {
      int const s = (i * S::threads + tid) / S::channels;
      float const raw = ahead.delta[i] + bias, z = reverse ? ahead.z[i] : 0.f;
      float const known =
          sizeof(T) == 4 || !in.softplus ? delta_of(in, raw) : softplus_approx(raw, exp2_approx(raw * log2_e));
      float const d = first + s < part.end && staged < in.channels ? known : 0.f;
      delta[s][tid % S::channels] = d;
      weight[s][tid % S::channels] = ahead.x[i] * (reverse ? z * (sizeof(T) == 4 ? sigmoid(z) : sigmoid_approx(z)) : d);
    }
#pragma unroll
    for (int i = 0; i < Inputs::state_items; ++i)
      if (i * S::threads + tid < S::steps * S::states) (&with[0][0])[i * S::threads + tid] = ahead.states[i];
    __syncthreads();
    ahead.read(in, x, x_stride, part, first_of(c + 1), first_channel);
#pragma unroll 8
    for (int i = 0; i < S::steps; ++i) {
      int const s = reverse ? S::steps - 1 - i : i;
      float const d = delta[s][local], w = weight[s][local];
      sum += d;
#pragma unroll
      for (int k = 0; k < S::own; ++k) {
        float const a = exp2_approx(d * A[k]), added = w * with[s][n0 + k];
        h[k] = reverse ? a * (h[k] + added) : a * h[k] + added;
      }
    }
  }
  if (!mine) return;
  long long const at = part.number * in.channels + channel;
#pragma unroll
  for (int k = 0; k < S::own; ++k) ends[at * S::states + n0 + k] = h[k];
  if (n0 == 0) deltas[at] = sum * log2_e;
}

/// Replaces each end by the state that enters the segment. One thread per (sequence, channel, state).
template <int states, bool reverse>
__global__ void __launch_bounds__(128) scan_join_segments(long long sequences, int channels, int segments,
                                                          float const* A, float const* deltas, float* ends) {
  long long const i = static_cast<long long>(blockIdx.x) * 128 + threadIdx.x,
                  row = channels * static_cast<long long>(states);
  if (i >= sequences * row) return;
  long long const sequence = i / row, in_row = i % row;
  float const decay = A[in_row];
  auto const number = [&](int k) { return sequence * segments + (reverse ? segments - 1 - k : k); };
  float h = 0;
#pragma unroll 8
  for (int k = 0; k < segments - 1; ++k) {
    float const end = ends[number(k) * row + in_row], delta = deltas[number(k) * channels + in_row / states];
    ends[number(k) * row + in_row] = h;
    h = exp2_approx(delta * decay) * h + end;
  }
  ends[number(segments - 1) * row + in_row] = h;
}

}  // namespace mambasynth::kernels::cuda::device
