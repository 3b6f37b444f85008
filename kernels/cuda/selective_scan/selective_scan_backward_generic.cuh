#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"
#include "kernels/cuda/warp_sums.cuh"

// The backward scan for fp32, and for bf16 where the tiles do not fit: any stride and number of channels. A thread
// holds 8 states of one channel, adjacent lanes the channel's other states. All arithmetic is fp32. Chunks (from one
// saved state to the next) are processed in parts of 8 steps, last one first: the states of a part are recomputed into
// shared memory, and so are, without storing them, those of the parts before it, which costs less than the occupancy
// that a longer history would.
namespace mambasynth::kernels::cuda::device {

template <class T_, int states_>
struct GenericBackward {
  using T = T_;
  static constexpr int states = states_, own = states < 8 ? states : 8, lanes = states / own;
  static constexpr int threads = lanes == 1 ? 64 : 128, channels = threads / lanes, warps = threads / 32,
                       warp_channels = 32 / lanes, blocks = 3;
  static constexpr int steps = scan_save_steps<T>, part = 8;
  static constexpr int grouped = lanes < part ? lanes : part;  ///< steps whose sums over states are taken together
  /// Of a lane's gradients with respect to B and C at a step, those of which it gets the sum over channels.
  static constexpr int summed = 2 * own > warp_channels ? 2 * own / warp_channels : 1;

  struct Shared {
    float4 history[part][own / 4][threads];  ///< the state before each step
    float x[steps][channels], delta[steps][channels], dy[steps][channels];
    float slope[steps][channels], gate[steps][channels];  ///< of softplus; dout silu'(z)
    float y[steps][channels], with_B[steps][channels], with_decay[steps][channels];
    float4 B[steps][states / 4], C[steps][states / 4];
    float parts[warps][part][2 * states];
  };
};

/// Sums over the channels of a warp of 2 S::own values per lane: the lane gets S::summed of them, from number `first`.
template <class S>
__device__ inline void sums_over_channels(float (&v)[2 * S::own], int lane) {
  int count = 2 * S::own;
#pragma unroll
  for (int mask = 16; mask >= S::lanes; mask /= 2) {
    bool const upper = (lane & mask) != 0;
    if (count > 1) {
      count /= 2;
#pragma unroll
      for (int i = 0; i < S::own; ++i) {
        if (i >= count) break;
        float const give = upper ? v[i] : v[i + count];
        v[i] = (upper ? v[i + count] : v[i]) + __shfl_xor_sync(0xffffffffu, give, mask);
      }
    } else {
      v[0] += __shfl_xor_sync(0xffffffffu, v[0], mask);
    }
  }
}
template <class S>
__device__ inline int first_sum(int lane) {
  int first = 0, count = 2 * S::own;
#pragma unroll
  for (int mask = 16; mask >= S::lanes; mask /= 2)
    if (count > 1) count /= 2, first += (lane & mask) != 0 ? count : 0;
  return first;
}

/// Inputs of a chunk into shared memory; zeros past the end.
template <class S>
__device__ inline void stage_chunk(ScanArgs<typename S::T> const& in, ScanGradientArgs<typename S::T> const& g,
                                   typename S::Shared& at, long long row, int first, int first_channel) {
  int const tid = static_cast<int>(threadIdx.x);
#pragma unroll 4
  for (int i = tid; i < S::steps * S::channels; i += S::threads) {
    int const s = i / S::channels, c = i % S::channels, d = first_channel + c;
    float x = 0, delta = 0, dy = 0, slope = 0, gate = 0;
    if (first + s < in.time && d < in.channels) {
      float const raw = to_float(in.delta[(row + s) * in.delta_stride + d]) + in.delta_bias[d];
      float const z = to_float(in.z[(row + s) * in.z_stride + d]), sz = sigmoid(z);
      float const dout = to_float(g.dout[(row + s) * in.channels + d]);
      x = to_float(in.x[(row + s) * in.x_stride + d]);
      delta = delta_of(in, raw);
      slope = delta_slope_of(in, raw);
      dy = dout * z * sz;
      gate = dout * sz * (1.f + z * (1.f - sz));
    }
    at.x[s][c] = x, at.delta[s][c] = delta, at.dy[s][c] = dy, at.slope[s][c] = slope, at.gate[s][c] = gate;
  }
#pragma unroll 4
  for (int i = tid; i < S::steps * S::states; i += S::threads) {
    int const s = i / S::states, n = i % S::states;
    bool const inside = first + s < in.time;
    reinterpret_cast<float*>(at.B[s])[n] = inside ? to_float(in.B[(row + s) * in.B_stride + n]) : 0.f;
    reinterpret_cast<float*>(at.C[s])[n] = inside ? to_float(in.C[(row + s) * in.C_stride + n]) : 0.f;
  }
}

/// The states of the part that begins at step `first`, from h before it to h after it. keep: into the history, and y.
template <class S, bool keep>
__device__ inline void recompute_part(typename S::Shared& at, int first, float const (&A)[S::own], float (&h)[S::own],
                                      int local, int lane) {
  int const in_channel = lane % S::lanes;
#pragma unroll
  for (int group = 0; group < S::part; group += S::grouped) {
    float y[S::grouped];
#pragma unroll
    for (int j = 0; j < S::grouped; ++j) {
      int const s = first + group + j;
      float const d = at.delta[s][local], dx = d * at.x[s][local];
      float sum = 0;
#pragma unroll
      for (int k = 0; k < S::own; k += 4) {
        if (keep) at.history[group + j][k / 4][threadIdx.x] = {h[k], h[k + 1], h[k + 2], h[k + 3]};
        float4 const b = at.B[s][in_channel * (S::own / 4) + k / 4], c = at.C[s][in_channel * (S::own / 4) + k / 4];
        float const B[4] = {b.x, b.y, b.z, b.w}, C[4] = {c.x, c.y, c.z, c.w};
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          h[k + e] = exp2_approx(d * A[k + e]) * h[k + e] + dx * B[e];
          sum += C[e] * h[k + e];
        }
      }
      y[j] = sum;
    }
    if (!keep) continue;
    float const sum = sums_over_lanes<S::lanes>(y, lane);
    constexpr int spread = S::lanes / S::grouped;
    if (in_channel % spread == 0) at.y[first + group + in_channel / spread][local] = sum;
  }
}

/// Grid: sequences of the slab * segments * ceil(channels / S::channels). Dynamic shared memory: S::Shared.
template <class S>
__global__ void __launch_bounds__(S::threads, S::blocks)
    scan_backward_generic(ScanArgs<typename S::T> in, ScanGradientArgs<typename S::T> g) {
  using T = typename S::T;
  extern __shared__ float4 dynamic_shared_floats[];
  auto& at = *reinterpret_cast<typename S::Shared*>(dynamic_shared_floats);
  int const groups = (in.channels + S::channels - 1) / S::channels, group = static_cast<int>(blockIdx.x % groups);
  Segment const part = segment(in, g.first_sequence * in.segments + blockIdx.x / groups);
  long long const in_slab = part.sequence - g.first_sequence;
  int const first_channel = group * S::channels;
  int const tid = static_cast<int>(threadIdx.x), warp = tid / 32, lane = tid % 32;
  int const local = tid / S::lanes, n0 = tid % S::lanes * S::own, channel = first_channel + local;
  bool const mine = channel < in.channels;
  float A[S::own], dA[S::own] = {}, carry[S::own] = {}, dD = 0, dbias = 0;
#pragma unroll
  for (int k = 0; k < S::own; ++k) {
    A[k] = mine ? in.A[static_cast<long long>(channel) * S::states + n0 + k] * log2_e : 0.f;
    if (g.carry != nullptr && part.index < in.segments - 1 && mine)
      carry[k] = g.carry[(part.number * in.channels + channel) * S::states + n0 + k];
  }

  for (int chunk = (part.end - 1) / S::steps; chunk >= part.begin / S::steps; --chunk) {
    if (part.begin == part.end) break;
    int const first = chunk * S::steps;
    long long const row = part.sequence * in.time + first;
    __syncthreads();
    stage_chunk<S>(in, g, at, row, first, first_channel);
    __syncthreads();
    T const* const saved =
        in.saved + saved_index<S::states>(part.sequence * in.saved_chunks + chunk, in.channels, channel, n0);
#pragma unroll 1
    for (int begin = S::steps - S::part; begin >= 0; begin -= S::part) {
      float h[S::own];
#pragma unroll
      for (int k = 0; k < S::own; ++k) h[k] = mine ? to_float(saved[k]) : 0.f;
#pragma unroll 1
      for (int before = 0; before < begin; before += S::part) recompute_part<S, false>(at, before, A, h, local, lane);
      recompute_part<S, true>(at, begin, A, h, local, lane);  // a thread reads only its own history
#pragma unroll
      for (int i = S::part - S::grouped; i >= 0; i -= S::grouped) {
        float with_B[S::grouped] = {}, with_decay[S::grouped] = {};
#pragma unroll
        for (int j = S::grouped - 1; j >= 0; --j) {
          int const in_part = i + j, s = begin + in_part;
          float const d = at.delta[s][local], dx = d * at.x[s][local], dy = at.dy[s][local];
          float v[2 * S::own];
#pragma unroll
          for (int k = 0; k < S::own; k += 4) {
            int const at_state = lane % S::lanes * (S::own / 4) + k / 4;
            float4 const b = at.B[s][at_state], c = at.C[s][at_state], p = at.history[in_part][k / 4][tid];
            float const B[4] = {b.x, b.y, b.z, b.w}, C[4] = {c.x, c.y, c.z, c.w}, before[4] = {p.x, p.y, p.z, p.w};
#pragma unroll
            for (int e = 0; e < 4; ++e) {
              float const G = dy * C[e] + carry[k + e];
              carry[k + e] = exp2_approx(d * A[k + e]) * G;
              float const in_exponent = carry[k + e] * before[e];
              with_B[j] += G * B[e];
              with_decay[j] += in_exponent * A[k + e];
              dA[k + e] += in_exponent * d;
              v[k + e] = G * dx;
              v[S::own + k + e] = dy * h[k + e];
              h[k + e] = before[e];
            }
          }
          sums_over_channels<S>(v, lane);
          int const first_of = first_sum<S>(lane);
#pragma unroll
          for (int k = 0; k < S::summed; ++k)
            at.parts[warp][in_part][(first_of + k) / S::own * S::states + n0 + (first_of + k) % S::own] = v[k];
        }
        float const B_sum = sums_over_lanes<S::lanes>(with_B, lane),
                    decay_sum = sums_over_lanes<S::lanes>(with_decay, lane);
        constexpr int spread = S::lanes / S::grouped;
        if (lane % S::lanes % spread == 0) {
          int const s = begin + i + lane % S::lanes / spread;
          at.with_B[s][local] = B_sum, at.with_decay[s][local] = decay_sum * (1.f / log2_e);
        }
      }
      __syncthreads();
      for (int i = tid; i < S::part * 2 * S::states; i += S::threads) {
        int const s = i / (2 * S::states), n = i % (2 * S::states), t = first + begin + s;
        float sum = 0;
#pragma unroll
        for (int w = 0; w < S::warps; ++w) sum += at.parts[w][s][n];
        if (t < in.time) g.state_parts[((group * g.slab + in_slab) * in.time + t) * 2 * S::states + n] = sum;
      }
      __syncthreads();
    }
    for (int i = tid; i < S::steps * S::channels; i += S::threads) {
      int const s = i / S::channels, c = i % S::channels, d = first_channel + c;
      if (first + s >= in.time || d >= in.channels) continue;
      float const x = at.x[s][c], dy = at.dy[s][c], y = at.y[s][c] + in.D[d] * x, with_B = at.with_B[s][c];
      float const ddelta = (at.with_decay[s][c] + x * with_B) * at.slope[s][c];
      g.dx[(row + s) * in.channels + d] = from_float<T>(dy * in.D[d] + at.delta[s][c] * with_B);
      g.ddelta[(row + s) * in.channels + d] = from_float<T>(ddelta);
      float const z = g.out != nullptr ? to_float(in.z[(row + s) * in.z_stride + d]) : 0.f;  // dz may replace z
      g.dz[(row + s) * g.dz_stride + d] = from_float<T>(at.gate[s][c] * y);
      if (g.out != nullptr) g.out[(row + s) * in.channels + d] = from_float<T>(y * z * sigmoid(z));
      dD += dy * x;
      dbias += ddelta;
    }
  }
  // All of a thread's items above belong to channel tid % S::channels, because threads is a multiple of channels.
  __syncthreads();
  float* const sums = &at.parts[0][0][0];
  static_assert(sizeof(at.parts) >= 2 * S::threads * sizeof(float));
  sums[tid] = dD;
  sums[S::threads + tid] = dbias;
  __syncthreads();
  float* const rows = g.parameter_parts + (part.number * in.channels + first_channel) * (S::states + 2);
  if (tid < S::channels && first_channel + tid < in.channels) {
    dD = dbias = 0;
#pragma unroll
    for (int l = 0; l < S::lanes; ++l)
      dD += sums[l * S::channels + tid], dbias += sums[S::threads + l * S::channels + tid];
    rows[tid * (S::states + 2) + S::states] = dD;
    rows[tid * (S::states + 2) + S::states + 1] = dbias;
  }
  if (mine)
#pragma unroll
    for (int k = 0; k < S::own; ++k) rows[local * (S::states + 2) + n0 + k] = dA[k];
}

}  // namespace mambasynth::kernels::cuda::device
