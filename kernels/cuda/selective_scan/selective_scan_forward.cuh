#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"
#include "kernels/cuda/warp_mma.cuh"
#include "kernels/cuda/warp_sums.cuh"

// The forward scan. `lanes` adjacent lanes hold the states of a channel in registers; each prepares every lanes-th step
// (softplus, gate) and passes it to the others. All arithmetic is fp32. One exponential per state and step limits it
// (16 per cycle and multiprocessor), so a step's decays are computed while the previous step is summed.
namespace mambasynth::kernels::cuda::device {

template <int bytes>
struct Words;
template <>
struct Words<8> {
  using type = uint2;
};
template <>
struct Words<16> {
  using type = uint4;
};

/// real_: of `states_`; the others are padding whose A, B and C are zero.
template <class T_, int states_, int lanes_, int real_>
struct ForwardScan {
  using T = T_;
  static constexpr int states = states_, lanes = lanes_, real = real_;
  static constexpr int own =
      states / lanes;  ///< states of a thread, in groups of 8: group i is number i * lanes + lane
  static_assert(own % 8 == 0 && (real == states || own == 8));
  static constexpr int threads = lanes == 1 ? 64 : 128, channels = threads / lanes, steps = 8;
  static constexpr int saves = scan_save_steps<T> / steps;  ///< chunks from one saved state to the next
  static constexpr int blocks =
      lanes == 1 || own > 16 ? 256 / threads : 512 / threads;  ///< per multiprocessor; limits the registers
  /// Steps of a lane between preparing delta and its first use; measured (NOTES.md).
  static constexpr int ahead = states == 32 || lanes == 8 ? 1 : 2;
  static_assert(ahead * lanes <= steps);  // two chunks are in shared memory

  // Shared memory in bytes: two stages of B and C as fp32 (step, B then C), three of x, delta and z (array, step,
  // channel), two of out (step, channel).
  static constexpr int element = sizeof(T);
  static constexpr int BC_stage = steps * 2 * states * 4, array = steps * channels * element, raw_stage = 3 * array;
  static constexpr int raw_at = 2 * BC_stage, out_at = raw_at + 3 * raw_stage, shared_bytes = out_at + 2 * array;
  // Pieces of 16 bytes that a thread copies: of x, delta and z; of out. Of B and C, pieces of `unit` states.
  static constexpr int per_piece = 16 / element, row_pieces = channels / per_piece, raw_pieces = raw_stage / 16,
                       out_pieces = array / 16;
  static constexpr int unit = real < per_piece ? real : per_piece, BC_pieces = steps * 2 * real / unit;
  static constexpr int raw_copies = (raw_pieces + threads - 1) / threads,
                       BC_copies = (BC_pieces + threads - 1) / threads,
                       out_copies = (out_pieces + threads - 1) / threads;
  using States = typename Words<unit * element>::type;
};

/// Source of a thread's copies of x, delta and z to stages of shared memory, two chunks ahead. Past the end, the last
/// step is copied again.
template <class S>
struct RawCopies {
  char const* from[S::raw_copies];
  int row_bytes[S::raw_copies];

  __device__ RawCopies(ScanArgs<typename S::T> const& in, long long row0, int channel0) {
#pragma unroll
    for (int i = 0; i < S::raw_copies; ++i) {
      int const piece = i * S::threads + static_cast<int>(threadIdx.x), array = piece / (S::steps * S::row_pieces);
      auto const* const base = array == 0 ? in.x : array == 1 ? in.delta : in.z;
      long long const stride = array == 0 ? in.x_stride : array == 1 ? in.delta_stride : in.z_stride;
      from[i] = reinterpret_cast<char const*>(base + row0 * stride + channel0 + piece % S::row_pieces * S::per_piece);
      row_bytes[i] = static_cast<int>(stride * S::element);
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
__device__ inline void load_states(ScanArgs<typename S::T> const& in, long long row0, int first,
                                   typename S::States (&raw)[S::BC_copies]) {
#pragma unroll
  for (int i = 0; i < S::BC_copies; ++i) {
    int const at = (i * S::threads + static_cast<int>(threadIdx.x)) * S::unit, s = at / (2 * S::real),
              n = at % (2 * S::real);
    long long const row = row0 + min(first + s, in.time - 1);
    if (s < S::steps)
      raw[i] = __ldg(reinterpret_cast<typename S::States const*>(n < S::real ? in.B + row * in.B_stride + n
                                                                             : in.C + row * in.C_stride + n - S::real));
  }
}
/// ... and as fp32 to shared memory.
template <class S>
__device__ inline void store_states(typename S::States const (&raw)[S::BC_copies], unsigned char* stage) {
#pragma unroll
  for (int i = 0; i < S::BC_copies; ++i) {
    int const piece = i * S::threads + static_cast<int>(threadIdx.x), at = piece * S::unit, n = at % (2 * S::real);
    if (S::BC_pieces % S::threads != 0 && piece >= S::BC_pieces) break;
    auto* const to = reinterpret_cast<float*>(stage) + at / (2 * S::real) * 2 * S::states + n +
                     (n < S::real ? 0 : S::states - S::real);
#pragma unroll
    for (int e = 0; e < S::unit; e += 4) {
      auto const* const words = reinterpret_cast<unsigned const*>(&raw[i]) + e * S::element / 4;
      if constexpr (S::element == 4) *reinterpret_cast<uint4*>(to + e) = {words[0], words[1], words[2], words[3]};
      else
        *reinterpret_cast<float4*>(to + e) = {low_half(words[0]), high_half(words[0]), low_half(words[1]),
                                              high_half(words[1])};
    }
  }
}

/// 8 states as saved.
__device__ inline void save_states(float const* h, char* to, __nv_bfloat16) {
  *reinterpret_cast<uint4*>(to) = {pack(h[0], h[1]), pack(h[2], h[3]), pack(h[4], h[5]), pack(h[6], h[7])};
}
__device__ inline void save_states(float const* h, char* to, float) {
  reinterpret_cast<float4*>(to)[0] = {h[0], h[1], h[2], h[3]};
  reinterpret_cast<float4*>(to)[1] = {h[4], h[5], h[6], h[7]};
}

__device__ inline float number(unsigned char const* at, __nv_bfloat16) {
  return low_half(*reinterpret_cast<unsigned short const*>(at));
}
__device__ inline float number(unsigned char const* at, float) { return *reinterpret_cast<float const*>(at); }
__device__ inline void put_number(unsigned char* at, float v, __nv_bfloat16) {
  *reinterpret_cast<unsigned short*>(at) = static_cast<unsigned short>(pack(v, 0.f));
}
__device__ inline void put_number(unsigned char* at, float v, float) { *reinterpret_cast<float*>(at) = v; }

// As accurate as the type that holds the result.
__device__ inline float softplus_for(float v, __nv_bfloat16) { return softplus_approx(v, exp2_approx(v * log2_e)); }
__device__ inline float softplus_for(float v, float) { return softplus(v); }
__device__ inline float sigmoid_for(float v, __nv_bfloat16) { return sigmoid_approx(v); }
__device__ inline float sigmoid_for(float v, float) { return sigmoid(v); }

/// Grid: batch * segments * channels / S::channels. Rows must begin at multiples of 16 bytes, those of B and C at
/// multiples of S::unit elements.
template <class S>
__global__ void __launch_bounds__(S::threads, S::blocks) scan_forward(ScanArgs<typename S::T> in) {
  __shared__ alignas(16) unsigned char shared[S::shared_bytes];
  constexpr typename S::T type{};
  int const tid = static_cast<int>(threadIdx.x), lane = tid % S::lanes, own_channel = tid / S::lanes;
  int const groups = in.channels / S::channels, channel0 = static_cast<int>(blockIdx.x) % groups * S::channels,
            channel = channel0 + own_channel;
  Segment const part = segment(in, blockIdx.x / groups);
  long long const row0 = part.sequence * in.time;
  auto const state = [&](int i) { return (i / 8 * S::lanes + lane) * 8 + i % 8; };

  float A[S::own], h[S::own] = {};
  auto const four_of = [&](float const* rows, long long row, int i) {
    return S::real == S::states || i < S::real ? *reinterpret_cast<float4 const*>(rows + row * S::real + state(i))
                                               : float4{0.f, 0.f, 0.f, 0.f};
  };
#pragma unroll
  for (int i = 0; i < S::own; i += 4) {
    float4 const a = four_of(in.A, channel, i);
    A[i] = a.x * log2_e, A[i + 1] = a.y * log2_e, A[i + 2] = a.z * log2_e, A[i + 3] = a.w * log2_e;
    if (in.initial == nullptr || part.index == 0) continue;
    float4 const v = four_of(in.initial, part.number * in.channels + channel, i);
    h[i] = v.x, h[i + 1] = v.y, h[i + 2] = v.z, h[i + 3] = v.w;
  }
  float const D = in.D[channel], bias = in.delta_bias[channel];
  if constexpr (S::real < S::states) {
    for (int i = tid; i < 2 * S::BC_stage / 16; i += S::threads) reinterpret_cast<uint4*>(shared)[i] = {0, 0, 0, 0};
    __syncthreads();
  }

  RawCopies<S> const copies(in, row0, channel0);
  unsigned const raw_address = shared_address(shared) + S::raw_at;
  typename S::States BC_raw[S::BC_copies];
  copies.start(part.begin, in.time - 1, raw_address);
  copies.start(part.begin + S::steps, in.time - 1, raw_address + S::raw_stage);
  load_states<S>(in, row0, part.begin, BC_raw);
  store_states<S>(BC_raw, shared);
  wait_for_copies();
  __syncthreads();

  auto const* const own_raw = shared + S::raw_at + own_channel * S::element;
  constexpr int step_bytes = S::channels * S::element;
  auto const delta_of = [&](unsigned char const* at, int t) {
    float const delta = softplus_for(number(at + S::array, type) + bias, type);
    return t < in.time ? delta : 0.f;  // past the end, delta must leave the state unchanged (last_state)
  };
  auto const from_lane = [](float v, int j) { return S::lanes == 1 ? v : __shfl_sync(0xffffffffu, v, j, S::lanes); };
  // Element l is for the lane's l-th step from now on.
  float own_delta[S::ahead];
#pragma unroll
  for (int i = 0; i < S::ahead; ++i)
    own_delta[i] = delta_of(own_raw + (i * S::lanes + lane) * step_bytes, part.begin + i * S::lanes + lane);
  float a[S::own];
  {
    float const delta = from_lane(own_delta[0], 0);
#pragma unroll
    for (int i = 0; i < S::own; ++i) a[i] = exp2_approx(delta * A[i]);
  }

  long long const eighth_bytes = static_cast<long long>(in.channels) * 8 * S::element;
  auto* saved =
      in.saved == nullptr
          ? nullptr
          : reinterpret_cast<char*>(in.saved + saved_index<S::real>(part.sequence * in.saved_chunks +
                                                                        part.begin / scan_save_steps<typename S::T>,
                                                                    in.channels, channel, lane * 8));
  auto* out = reinterpret_cast<char*>(in.out + (row0 + part.begin + tid / S::row_pieces) * in.channels + channel0 +
                                      tid % S::row_pieces * S::per_piece);
  long long const out_bytes = static_cast<long long>(in.channels) * S::element;  // of a step
  int stage = 0, now = 0, next = S::raw_stage, after_next = 2 * S::raw_stage;
  for (int first = part.begin; first < part.end; first += S::steps) {
    copies.start(first + 2 * S::steps, in.time - 1, raw_address + static_cast<unsigned>(after_next));
    load_states<S>(in, row0, first + S::steps, BC_raw);
    if (saved != nullptr && (S::saves == 1 || first / S::steps % S::saves == 0)) {
#pragma unroll
      for (int i = 0; i < S::own; i += 8) save_states(h + i, saved + i / 8 * S::lanes * eighth_bytes, type);
      saved += S::states / 8 * eighth_bytes;
    }
    auto const *const raw = own_raw + now, *const raw_next = own_raw + next;
    auto* const own_out = shared + S::out_at + stage * S::array + own_channel * S::element;
#pragma unroll
    for (int s = 0; s < S::steps; s += S::lanes) {  // step s + lane is this lane's
      auto const* const at = raw + (s + lane) * step_bytes;
      float const x = number(at, type), z = number(at + 2 * S::array, type), own_dx = own_delta[0] * x,
                  gate = z * sigmoid_for(z, type);
      float delta[S::lanes + 1], y[S::lanes];
#pragma unroll
      for (int j = 0; j < S::lanes; ++j) delta[j] = from_lane(own_delta[0], j);
#pragma unroll
      for (int i = 1; i < S::ahead; ++i) own_delta[i - 1] = own_delta[i];
      int const later = s + S::ahead * S::lanes;
      own_delta[S::ahead - 1] = delta_of(
          later >= S::steps ? raw_next + (later - S::steps + lane) * step_bytes : raw + (later + lane) * step_bytes,
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
      put_number(own_out + (s + lane) * step_bytes, own_y * gate, type);
    }
    store_states<S>(BC_raw, shared + (stage ^ 1) * S::BC_stage);
    wait_for_copies();
    __syncthreads();
#pragma unroll
    for (int i = 0; i < S::out_copies; ++i) {
      int const piece = i * S::threads + tid;
      if (piece < S::out_pieces && first + piece / S::row_pieces < in.time)
        *reinterpret_cast<uint4*>(out + i * (S::threads / S::row_pieces) * out_bytes) =
            *reinterpret_cast<uint4 const*>(shared + S::out_at + stage * S::array + piece * 16);
    }
    out += S::steps * out_bytes;
    int const old = now;
    now = next, next = after_next, after_next = old, stage ^= 1;
  }
  if (in.last_state != nullptr && part.index == in.segments - 1)
#pragma unroll
    for (int k = 0; k < S::own; k += 4)
      if (S::real == S::states || k < S::real)
        *reinterpret_cast<float4*>(in.last_state + (part.sequence * in.channels + channel) * S::real + state(k)) = {
            h[k], h[k + 1], h[k + 2], h[k + 3]};
}

}  // namespace mambasynth::kernels::cuda::device
