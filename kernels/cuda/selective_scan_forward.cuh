#pragma once

#include "kernels/cuda/selective_scan.cuh"

// The forward scan for bf16 activations. `lanes` neighbouring lanes make up a channel and hold its states in registers;
// each of them reads x, delta, z and writes out for every lanes-th step and passes delta to the others. All arithmetic is
// fp32. One exponential a state and step bounds it: 16 of them a cycle and multiprocessor.
namespace mambasynth::kernels::cuda::device {

template <int states, int lanes>
struct ForwardScan {
  static constexpr int steps = scan_save_steps<__nv_bfloat16>;
  static constexpr int own = states / lanes;  ///< states of a thread, in groups of 4: group i is number i * lanes + lane
  static constexpr int threads = lanes == 1 ? 64 : 128;
  static constexpr int channels = threads / lanes;
  static constexpr int items = steps / lanes;  ///< steps that a thread reads and writes
};

/// Sum over the lanes of a channel of `lanes` values; lane l gets the sum of v[l].
template <int lanes>
__device__ inline float sum_and_deal(float (&v)[lanes], int lane) {
#pragma unroll
  for (int half = lanes / 2; half > 0; half /= 2) {
    bool const upper = (lane & half) != 0;
#pragma unroll
    for (int j = 0; j < half; ++j) {
      float const keep = upper ? v[j + half] : v[j], give = upper ? v[j] : v[j + half];
      v[j] = keep + __shfl_xor_sync(0xffffffffu, give, half);
    }
  }
  return v[0];
}

/// B and C of `steps` rows, 8 neighbouring elements a thread and turn: from global memory to registers ...
template <int states, int threads, int count>
__device__ inline void load_states(ScanArgs<__nv_bfloat16> const& in, long long row, int left, uint4 (&raw)[count]) {
#pragma unroll
  for (int i = 0; i < count; ++i) {
    int const at = (i * threads + static_cast<int>(threadIdx.x)) * 8, s = at / (2 * states), n = at % (2 * states);
    raw[i] = {0, 0, 0, 0};
    if (s < left && s < scan_save_steps<__nv_bfloat16>)
      raw[i] = __ldg(reinterpret_cast<uint4 const*>(n < states ? in.B + (row + s) * in.B_stride + n
                                                               : in.C + (row + s) * in.C_stride + n - states));
  }
}
/// ... and as fp32 to shared memory, (step, B then C).
template <int states, int threads, int count>
__device__ inline void store_states(uint4 const (&raw)[count], float* to) {
#pragma unroll
  for (int i = 0; i < count; ++i) {
    int const at = (i * threads + static_cast<int>(threadIdx.x)) * 8;
    if (at >= scan_save_steps<__nv_bfloat16> * 2 * states) break;
    unsigned const r[4] = {raw[i].x, raw[i].y, raw[i].z, raw[i].w};
#pragma unroll
    for (int j = 0; j < 2; ++j)
      *reinterpret_cast<float4*>(to + at + 4 * j) = {__uint_as_float(r[2 * j] << 16), __uint_as_float(r[2 * j] & 0xffff0000u),
                                                     __uint_as_float(r[2 * j + 1] << 16),
                                                     __uint_as_float(r[2 * j + 1] & 0xffff0000u)};
  }
}

/// Grid: batch * channels / ForwardScan::channels. Takes rows of B and C at multiples of 16 bytes.
template <int states, int lanes>
__global__ void __launch_bounds__(ForwardScan<states, lanes>::threads) scan_forward_bf16(ScanArgs<__nv_bfloat16> in) {
  using F = ForwardScan<states, lanes>;
  constexpr int loads = (F::steps * 2 * states + F::threads * 8 - 1) / (F::threads * 8);
  __shared__ alignas(16) float BC[2][F::steps * 2 * states];
  int const tid = static_cast<int>(threadIdx.x), lane = tid % lanes;
  int const groups = in.channels / F::channels;
  long long const sequence = blockIdx.x / groups, first_row = sequence * in.time;
  int const channel = static_cast<int>(blockIdx.x % groups) * F::channels + tid / lanes;

  float A[F::own], h[F::own] = {};
#pragma unroll
  for (int i = 0; i < F::own; i += 4) {
    float4 const a = *reinterpret_cast<float4 const*>(in.A + static_cast<long long>(channel) * states + (i / 4 * lanes + lane) * 4);
    A[i] = a.x * log2_e, A[i + 1] = a.y * log2_e, A[i + 2] = a.z * log2_e, A[i + 3] = a.w * log2_e;
  }
  float const D = in.D[channel], bias = in.delta_bias[channel];
  // Offsets within a sequence fit into 32 bits (the launcher sees to it), bases are the same for the block.
  auto const *x_base = in.x + first_row * in.x_stride, *delta_base = in.delta + first_row * in.delta_stride,
             *z_base = in.z + first_row * in.z_stride;
  auto* const out_base = in.out + first_row * in.channels;
  auto* saved = in.saved == nullptr ? nullptr : in.saved + (sequence * in.saved_chunks * in.channels + channel) * states;

  unsigned x_raw[F::items], delta_raw[F::items], z_raw[F::items];  // of the steps ahead
  auto const element = [](__nv_bfloat16 const* base, unsigned at) {
    return static_cast<unsigned>(__ldg(reinterpret_cast<unsigned short const*>(base) + at));
  };
  auto const read = [&](int i, int t) {  // past the end: the last step again, which is not used
    unsigned const row = static_cast<unsigned>(min(t, in.time - 1)), column = static_cast<unsigned>(channel);
    x_raw[i] = element(x_base, row * static_cast<unsigned>(in.x_stride) + column);
    delta_raw[i] = element(delta_base, row * static_cast<unsigned>(in.delta_stride) + column);
    z_raw[i] = element(z_base, row * static_cast<unsigned>(in.z_stride) + column);
  };
  uint4 states_raw[loads];
#pragma unroll
  for (int i = 0; i < F::items; ++i) read(i, i * lanes + lane);
  load_states<states, F::threads>(in, first_row, in.time, states_raw);
  store_states<states, F::threads>(states_raw, BC[0]);
  __syncthreads();

  int buffer = 0;
  for (int first = 0; first < in.time; first += F::steps, buffer ^= 1) {
    load_states<states, F::threads>(in, first_row + first + F::steps, in.time - first - F::steps, states_raw);
    if (saved != nullptr) {
#pragma unroll
      for (int i = 0; i < F::own; i += lanes == 1 ? 8 : 4) {
        __nv_bfloat162 const a = __floats2bfloat162_rn(h[i], h[i + 1]), b = __floats2bfloat162_rn(h[i + 2], h[i + 3]);
        uint2 const low{reinterpret_cast<unsigned const&>(a), reinterpret_cast<unsigned const&>(b)};
        if constexpr (lanes == 1) {
          __nv_bfloat162 const c = __floats2bfloat162_rn(h[i + 4], h[i + 5]), d = __floats2bfloat162_rn(h[i + 6], h[i + 7]);
          *reinterpret_cast<uint4*>(saved + i) = {low.x, low.y, reinterpret_cast<unsigned const&>(c), reinterpret_cast<unsigned const&>(d)};
        } else {
          *reinterpret_cast<uint2*>(saved + (i / 4 * lanes + lane) * 4) = low;
        }
      }
      saved += static_cast<long long>(in.channels) * states;
    }
#pragma unroll
    for (int i = 0; i < F::items; ++i) {
      int const t = first + i * lanes + lane;
      float const x = __uint_as_float(x_raw[i] << 16), z = __uint_as_float(z_raw[i] << 16);
      float const raw = __uint_as_float(delta_raw[i] << 16) + bias;
      read(i, t + F::steps);
      // After the end delta has to leave the state as it is (last_state).
      float const own_delta = t < in.time ? softplus_approx(raw, exp2_approx(raw * log2_e)) : 0.f, own_dx = own_delta * x;
      float y[lanes];
#pragma unroll
      for (int j = 0; j < lanes; ++j) {
        float const delta = lanes == 1 ? own_delta : __shfl_sync(0xffffffffu, own_delta, j, lanes);
        float const dx = lanes == 1 ? own_dx : __shfl_sync(0xffffffffu, own_dx, j, lanes);
        float const* const row = BC[buffer] + (i * lanes + j) * 2 * states + lane * 4;
        float sum[4] = {};
#pragma unroll
        for (int k = 0; k < F::own; k += 4) {
          float4 const b = *reinterpret_cast<float4 const*>(row + k * lanes), c = *reinterpret_cast<float4 const*>(row + states + k * lanes);
          float const B[4] = {b.x, b.y, b.z, b.w}, C[4] = {c.x, c.y, c.z, c.w};
#pragma unroll
          for (int e = 0; e < 4; ++e) {
            h[k + e] = exp2_approx(delta * A[k + e]) * h[k + e] + dx * B[e];
            sum[e] += C[e] * h[k + e];
          }
        }
        y[j] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
      }
      float const own_y = sum_and_deal<lanes>(y, lane) + D * x;
      if (t < in.time)
        out_base[static_cast<unsigned>(t) * static_cast<unsigned>(in.channels) + static_cast<unsigned>(channel)] =
            from_float<__nv_bfloat16>(own_y * z * sigmoid_approx(z));
    }
    store_states<states, F::threads>(states_raw, BC[buffer ^ 1]);
    __syncthreads();
  }
  if (in.last_state != nullptr)
#pragma unroll
    for (int k = 0; k < F::own; k += 4)
      *reinterpret_cast<float4*>(in.last_state + (sequence * in.channels + channel) * states + (k / 4 * lanes + lane) * 4) =
          {h[k], h[k + 1], h[k + 2], h[k + 3]};
}

}  // namespace mambasynth::kernels::cuda::device
