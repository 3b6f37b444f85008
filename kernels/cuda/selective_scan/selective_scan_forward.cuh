#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"
#include "kernels/cuda/warp_mma.cuh"
#include "kernels/cuda/warp_sums.cuh"

// The forward scan for bf16 activations. `lanes` adjacent lanes hold the states of a channel in registers; each
// prepares every lanes-th step (softplus, gate) and passes it to the others. All arithmetic is fp32. One exponential
// per state and step limits it (16 per cycle and multiprocessor), so a step's decays are computed while the previous
// step is summed.
namespace mambasynth::kernels::cuda::device {

template <int states_, int lanes_>
struct ForwardScan {
  static constexpr int states = states_, lanes = lanes_;
  static constexpr int own =
      states / lanes;  ///< states of a thread, in groups of 8: group i is number i * lanes + lane
  static_assert(own % 8 == 0);
  static constexpr int threads = lanes == 1 ? 64 : 128, channels = threads / lanes,
                       steps = scan_save_steps<__nv_bfloat16>;
  static constexpr int blocks =
      lanes == 1 || own > 16 ? 256 / threads : 512 / threads;  ///< per multiprocessor; limits the registers
  /// Steps of a lane between preparing delta and its first use; measured (NOTES.md).
  static constexpr int ahead = states == 32 || lanes == 8 ? 1 : 2;
  static_assert(ahead * lanes <= steps);  // two chunks are in shared memory

  // Shared memory in bytes: two stages of B and C as fp32 (step, B then C), three of x, delta and z (array, step,
  // channel), two of out (step, channel).
  static constexpr int BC_stage = steps * 2 * states * 4, array = steps * channels * 2, raw_stage = 3 * array;
  static constexpr int raw_at = 2 * BC_stage, out_at = raw_at + 3 * raw_stage, shared_bytes = out_at + 2 * array;
  // Pieces of 16 bytes that a thread copies: of x, delta and z; of B and C.
  static constexpr int row_pieces = channels / 8, raw_pieces = raw_stage / 16, BC_pieces = steps * 2 * states / 8;
  static constexpr int raw_copies = (raw_pieces + threads - 1) / threads,
                       BC_copies = (BC_pieces + threads - 1) / threads;
};

/// Source of a thread's copies of x, delta and z to stages of shared memory, two chunks ahead. Past the end, the last
/// step is copied again.
template <class S>
struct RawCopies {
  char const* from[S::raw_copies];
  int row_bytes[S::raw_copies];

  __device__ RawCopies(ScanArgs<__nv_bfloat16> const& in, long long row0, int channel0) {
#pragma unroll
    for (int i = 0; i < S::raw_copies; ++i) {
      int const piece = i * S::threads + static_cast<int>(threadIdx.x), array = piece / (S::steps * S::row_pieces);
      auto const* const base = array == 0 ? in.x : array == 1 ? in.delta : in.z;
      long long const stride = array == 0 ? in.x_stride : array == 1 ? in.delta_stride : in.z_stride;
      from[i] = reinterpret_cast<char const*>(base + row0 * stride + channel0 + piece % S::row_pieces * 8);
      row_bytes[i] = static_cast<int>(stride * 2);
    }
  }
  __device__ void start(int first, int last, unsigned to) const {
#pragma unroll
    for (int i = 0; i < S::raw_copies; ++i) {
      int const piece = i * S::threads + static_cast<int>(threadIdx.x), s = piece / S::row_pieces % S::steps;
      if (S::raw_pieces % S::threads == 0 || piece < S::raw_pieces)
        copy_async(to + static_cast<unsigned>(piece * 16),
                   from[i] + static_cast<long long>(min(first + s, last)) * row_bytes[i], true);
    }
  }
};

/// B and C of a chunk: from global memory to registers ...
template <class S>
__device__ inline void load_states(ScanArgs<__nv_bfloat16> const& in, long long row0, int first,
                                   uint4 (&raw)[S::BC_copies]) {
#pragma unroll
  for (int i = 0; i < S::BC_copies; ++i) {
    int const at = (i * S::threads + static_cast<int>(threadIdx.x)) * 8, s = at / (2 * S::states),
              n = at % (2 * S::states);
    long long const row = row0 + min(first + s, in.time - 1);
    if (s < S::steps)
      raw[i] = __ldg(reinterpret_cast<uint4 const*>(n < S::states ? in.B + row * in.B_stride + n
                                                                  : in.C + row * in.C_stride + n - S::states));
  }
}
/// ... and as fp32 to shared memory.
template <class S>
__device__ inline void store_states(uint4 const (&raw)[S::BC_copies], unsigned char* stage) {
#pragma unroll
  for (int i = 0; i < S::BC_copies; ++i) {
    int const piece = i * S::threads + static_cast<int>(threadIdx.x);
    if (S::BC_pieces % S::threads != 0 && piece >= S::BC_pieces) break;
    auto* const to = reinterpret_cast<float4*>(stage + piece * 32);
    to[0] = {low_half(raw[i].x), high_half(raw[i].x), low_half(raw[i].y), high_half(raw[i].y)};
    to[1] = {low_half(raw[i].z), high_half(raw[i].z), low_half(raw[i].w), high_half(raw[i].w)};
  }
}

/// Grid: batch * channels / S::channels. Rows must begin at multiples of 16 bytes.
template <class S>
__global__ void __launch_bounds__(S::threads, S::blocks) scan_forward_bf16(ScanArgs<__nv_bfloat16> in) {
  __shared__ alignas(16) unsigned char shared[S::shared_bytes];
  int const tid = static_cast<int>(threadIdx.x), lane = tid % S::lanes, own_channel = tid / S::lanes;
  int const groups = in.channels / S::channels, channel0 = static_cast<int>(blockIdx.x) % groups * S::channels,
            channel = channel0 + own_channel;
  long long const sequence = blockIdx.x / groups, row0 = sequence * in.time;
  auto const state = [&](int i) { return (i / 8 * S::lanes + lane) * 8 + i % 8; };

  float A[S::own], h[S::own] = {};
#pragma unroll
  for (int i = 0; i < S::own; i += 4) {
    float4 const a = *reinterpret_cast<float4 const*>(in.A + static_cast<long long>(channel) * S::states + state(i));
    A[i] = a.x * log2_e, A[i + 1] = a.y * log2_e, A[i + 2] = a.z * log2_e, A[i + 3] = a.w * log2_e;
  }
  float const D = in.D[channel], bias = in.delta_bias[channel];

  RawCopies<S> const copies(in, row0, channel0);
  unsigned const raw_address = shared_address(shared) + S::raw_at;
  uint4 BC_raw[S::BC_copies];
  copies.start(0, in.time - 1, raw_address);
  copies.start(S::steps, in.time - 1, raw_address + S::raw_stage);
  load_states<S>(in, row0, 0, BC_raw);
  store_states<S>(BC_raw, shared);
  wait_for_copies();
  __syncthreads();

  auto const* const own_raw = shared + S::raw_at + own_channel * 2;
  auto const number = [](unsigned char const* at) { return low_half(*reinterpret_cast<unsigned short const*>(at)); };
  auto const delta_of = [&](unsigned char const* at, int t) {
    float const raw = number(at + S::array) + bias, delta = softplus_approx(raw, exp2_approx(raw * log2_e));
    return t < in.time ? delta : 0.f;  // past the end, delta must leave the state unchanged (last_state)
  };
  auto const from_lane = [](float v, int j) { return S::lanes == 1 ? v : __shfl_sync(0xffffffffu, v, j, S::lanes); };
  // Element l is for the lane's l-th step from now on.
  float own_delta[S::ahead];
#pragma unroll
  for (int i = 0; i < S::ahead; ++i)
    own_delta[i] = delta_of(own_raw + (i * S::lanes + lane) * S::channels * 2, i * S::lanes + lane);
  float a[S::own];
  {
    float const delta = from_lane(own_delta[0], 0);
#pragma unroll
    for (int i = 0; i < S::own; ++i) a[i] = exp2_approx(delta * A[i]);
  }

  long long const eighth_bytes = static_cast<long long>(in.channels) * 16;
  auto* saved = in.saved == nullptr
                    ? nullptr
                    : reinterpret_cast<char*>(in.saved + saved_index<S::states>(sequence * in.saved_chunks, in.channels,
                                                                                channel, lane * 8));
  auto* out =
      reinterpret_cast<char*>(in.out + (row0 + tid / S::row_pieces) * in.channels + channel0 + tid % S::row_pieces * 8);
  int stage = 0, now = 0, next = S::raw_stage, after_next = 2 * S::raw_stage;
  for (int first = 0; first < in.time; first += S::steps) {
    copies.start(first + 2 * S::steps, in.time - 1, raw_address + static_cast<unsigned>(after_next));
    load_states<S>(in, row0, first + S::steps, BC_raw);
    if (saved != nullptr) {
#pragma unroll
      for (int i = 0; i < S::own; i += 8)
        *reinterpret_cast<uint4*>(saved + i / 8 * S::lanes * eighth_bytes) = {
            pack(h[i], h[i + 1]), pack(h[i + 2], h[i + 3]), pack(h[i + 4], h[i + 5]), pack(h[i + 6], h[i + 7])};
      saved += S::states / 8 * eighth_bytes;
    }
    auto const *const raw = own_raw + now, *const raw_next = own_raw + next;
    auto* const own_out = shared + S::out_at + stage * S::array + own_channel * 2;
#pragma unroll
    for (int s = 0; s < S::steps; s += S::lanes) {  // step s + lane is this lane's
      auto const* const at = raw + (s + lane) * S::channels * 2;
      float const x = number(at), z = number(at + 2 * S::array), own_dx = own_delta[0] * x,
                  gate = z * sigmoid_approx(z);
      float delta[S::lanes + 1], y[S::lanes];
#pragma unroll
      for (int j = 0; j < S::lanes; ++j) delta[j] = from_lane(own_delta[0], j);
#pragma unroll
      for (int i = 1; i < S::ahead; ++i) own_delta[i - 1] = own_delta[i];
      int const later = s + S::ahead * S::lanes;
      own_delta[S::ahead - 1] = delta_of(later >= S::steps ? raw_next + (later - S::steps + lane) * S::channels * 2
                                                           : raw + (later + lane) * S::channels * 2,
                                         first + later + lane);
      delta[S::lanes] = from_lane(own_delta[0], 0);
#pragma unroll
      for (int j = 0; j < S::lanes; ++j) {
        float const dx = from_lane(own_dx, j);
        auto const* const B_row =
            reinterpret_cast<float const*>(shared + stage * S::BC_stage) + (s + j) * 2 * S::states + lane * 8;
        float sum[2] = {};
#pragma unroll
        for (int k = 0; k < S::own; k += 4) {
          auto const* const from = B_row + k / 8 * S::lanes * 8 + k % 8;
          float4 const b = *reinterpret_cast<float4 const*>(from),
                       c = *reinterpret_cast<float4 const*>(from + S::states);
          float const B[4] = {b.x, b.y, b.z, b.w}, C[4] = {c.x, c.y, c.z, c.w};
#pragma unroll
          for (int e = 0; e < 4; ++e) {
            h[k + e] = a[k + e] * h[k + e] + dx * B[e];
            a[k + e] = exp2_approx(delta[j + 1] * A[k + e]);
            sum[e % 2] += C[e] * h[k + e];
          }
        }
        y[j] = sum[0] + sum[1];
      }
      float const own_y = sums_over_lanes<S::lanes>(y, lane) + D * x;
      *reinterpret_cast<unsigned short*>(own_out + (s + lane) * S::channels * 2) =
          static_cast<unsigned short>(pack(own_y * gate, 0.f));
    }
    store_states<S>(BC_raw, shared + (stage ^ 1) * S::BC_stage);
    wait_for_copies();
    __syncthreads();
    if (tid < S::channels && first + tid / S::row_pieces < in.time)
      *reinterpret_cast<uint4*>(out) =
          *reinterpret_cast<uint4 const*>(shared + S::out_at + stage * S::array + tid * 16);
    out += static_cast<long long>(in.channels) * S::steps * 2;
    int const old = now;
    now = next, next = after_next, after_next = old, stage ^= 1;
  }
  if (in.last_state != nullptr)
#pragma unroll
    for (int k = 0; k < S::own; k += 4)
      *reinterpret_cast<float4*>(in.last_state + (sequence * in.channels + channel) * S::states + state(k)) = {
          h[k], h[k + 1], h[k + 2], h[k + 3]};
}

}  // namespace mambasynth::kernels::cuda::device
