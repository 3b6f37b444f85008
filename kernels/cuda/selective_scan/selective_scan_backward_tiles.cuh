#pragma once

#include "kernels/cuda/selective_scan/selective_scan_tiles.cuh"

// Building blocks of selective_scan_backward.cuh: the layout of shared memory, the copies and the sums over tiles.
namespace mambasynth::kernels::cuda::device {

/// blocks_: per multiprocessor; limits the registers.
template <int states_, int warps_, int channel_tiles_, int state_tiles_, int blocks_, int real_ = states_>
struct BackwardScan : TileShape<states_, warps_, channel_tiles_, state_tiles_, real_> {
  using Base = TileShape<states_, warps_, channel_tiles_, state_tiles_, real_>;
  using Base::channels, Base::fragments, Base::real, Base::state_bytes, Base::states, Base::step_row, Base::steps,
      Base::sum_row, Base::threads, Base::warp_channels, Base::warp_states, Base::warps;
  static constexpr int blocks = blocks_;
  static_assert(channel_tiles_ == 1 && state_tiles_ <= 2);  // the row addresses in the kernel assume this

  // Shared memory in bytes; parts_row in floats, padded against bank conflicts.
  static constexpr int raw_row = warp_channels * 2, raw_array = steps * raw_row, parts_row = 2 * warp_states + 4;
  // Per warp: its arrays of the current chunk, then two stages of what is copied ahead or written afterwards.
  static constexpr int h_at = 0, forward_at = h_at + steps * state_bytes, backward_at = forward_at + steps * step_row;
  static constexpr int y_at = backward_at + steps * step_row, stage_at = y_at + steps * sum_row * 4;
  static constexpr int saved_at = 0, raw_at = state_bytes, parts_at = raw_at + 4 * raw_array;  // in a stage
  static constexpr int stage_bytes = parts_at + steps * parts_row * 4, warp_bytes = stage_at + 2 * stage_bytes;
  static constexpr int other_sums_at = h_at;  // of carry B and w A, where the states are no longer needed
  // Per block: two stages of B and C, then A in the order of the lanes, and the bias of delta.
  static constexpr int block_stage_bytes = steps * Base::BC_row, block_stage_at = warps * warp_bytes;
  static constexpr int A_at = block_stage_at + 2 * block_stage_bytes;
  static constexpr int bias_at = A_at + threads * fragments * 32, D_at = bias_at + channels * 4;
  // Pieces of 16 bytes that a thread copies: of x, delta, z and dout; of B and C. Their sources: pointers, then
  // strides.
  static constexpr int raw_copies = 4 * raw_array / 16 / 32, BC_pieces = steps * states / 4,
                       BC_copies = (BC_pieces + threads - 1) / threads;
  static constexpr int dt_weight_at = D_at + channels * 4, dt_rank = 8;
  static constexpr int pointers_at = dt_weight_at + channels * dt_rank * 2,
                       strides_at = pointers_at + threads * (raw_copies + 1 + BC_copies) * 8;
  static constexpr int barriers_at = strides_at + threads * (raw_copies + BC_copies) * 4;
  static constexpr int shared_bytes = barriers_at + 4 * 8;
};

template <class S>
__device__ inline void team_sync(int tile) {
  if constexpr (S::team == 1) __syncwarp();
  else asm volatile("bar.sync %0, %1;" ::"r"(tile + 1), "n"(S::team * 32) : "memory");
}

/// Four bf16 to global memory, bypassing L1, which holds spilled registers.
__device__ inline void put(__nv_bfloat16* to, float a, float b, float c, float d) {
  asm volatile("st.global.L1::no_allocate.v2.b32 [%0], {%1, %2};" ::"l"(to), "r"(pack(a, b)), "r"(pack(c, d))
               : "memory");
}

/// A thread's copies of a chunk's inputs. Rows past the end are zeros. The source addresses are in shared memory: in
/// registers they would be spilled.
template <class S>
struct ChunkCopies {
  static constexpr int row_pieces = S::raw_row / 16;

  static __device__ void prepare(ScanArgs<__nv_bfloat16> const& in, __nv_bfloat16 const* dout, long long sequence,
                                 int channel0, int state0, unsigned char* shared) {
    int const lane = static_cast<int>(threadIdx.x) % 32;
    long long const row0 = sequence * in.time;
#pragma unroll
    for (int i = 0; i < S::raw_copies; ++i) {
      int const piece = i * 32 + lane, array = piece / (S::steps * row_pieces);
      bool const is_dt = array == 1 && in.dt != nullptr;  // the rank is 8: one piece; the other goes unused
      auto const* const from = array == 0 ? in.x : is_dt ? in.dt : array == 1 ? in.delta : array == 2 ? in.z : dout;
      long long const stride = array == 0   ? in.x_stride
                               : is_dt      ? in.dt_stride
                               : array == 1 ? in.delta_stride
                               : array == 2 ? in.z_stride
                                            : in.channels;
      *pointer(shared, i) = from + row0 * stride + (is_dt ? 0 : channel0 + piece % row_pieces * 8);
      *stride_of(shared, i) = static_cast<int>(stride * 2);
    }
    int const eighth = state0 + lane / S::warp_channels * 8;
    *pointer(shared, S::raw_copies) =
        in.saved + saved_index<S::real>(sequence * in.saved_chunks, in.channels, channel0 + lane % S::warp_channels,
                                        eighth < S::real ? eighth : 0);
#pragma unroll
    for (int i = 0; i < S::BC_copies; ++i) {
      int const n = (i * S::threads + static_cast<int>(threadIdx.x)) * 8 % (2 * S::states);
      long long const stride = n < S::states ? in.B_stride : in.C_stride;
      int const state = n % S::states < S::real ? n % S::states : 0;
      *pointer(shared, S::raw_copies + 1 + i) = (n < S::states ? in.B : in.C) + state + row0 * stride;
      *stride_of(shared, S::raw_copies + i) = static_cast<int>(stride * 2);
    }
  }

  /// x, delta, z, dout and the saved states of the warp's channels to its stage.
  static __device__ void start(ScanArgs<__nv_bfloat16> const& in, int chunk, unsigned char* shared, unsigned stage) {
    int const lane = static_cast<int>(threadIdx.x) % 32, last = in.time - 1;
#pragma unroll
    for (int i = 0; i < S::raw_copies; ++i) {
      int const piece = i * 32 + lane, t = chunk * S::steps + piece / row_pieces % S::steps;
      copy_async(stage + static_cast<unsigned>(S::raw_at + piece * 16),
                 reinterpret_cast<char const*>(*pointer(shared, i)) +
                     static_cast<long long>(min(t, last)) * *stride_of(shared, i),
                 t <= last);
    }
    auto const* const saved =
        *pointer(shared, S::raw_copies) + chunk * (static_cast<long long>(in.channels) * saved_states(S::real));
#pragma unroll
    for (int i = 0; i < S::fragments; ++i) {
      int const piece = i * 32 + lane;
      copy_async(stage + static_cast<unsigned>(S::saved_at +
                                               S::state_byte(piece % S::warp_channels, piece / S::warp_channels)),
                 saved + i * (32 / S::warp_channels) * (static_cast<long long>(in.channels) * 8),
                 S::real == S::states || lane / S::warp_channels * 8 < S::real);
    }
  }
  /// B and C to the block's stage.
  static __device__ void start_states(ScanArgs<__nv_bfloat16> const& in, int chunk, unsigned char* shared,
                                      unsigned stage) {
    int const last = in.time - 1;
#pragma unroll
    for (int i = 0; i < S::BC_copies; ++i) {
      int const piece = i * S::threads + static_cast<int>(threadIdx.x), s = piece / (S::states / 4),
                t = chunk * S::steps + s;
      auto const to = stage + static_cast<unsigned>(piece * 16 + s * 16);
      auto const* const from = reinterpret_cast<char const*>(*pointer(shared, S::raw_copies + 1 + i)) +
                               static_cast<long long>(min(t, last)) * *stride_of(shared, S::raw_copies + i);
      int const valid = piece < S::BC_pieces && (S::real == S::states || piece * 8 % S::states < S::real);
      // A predicate instead of a branch, so that the compiler can interleave the code before and after.
      if constexpr (S::real == 4)
        asm volatile(
            "{ .reg .pred p; setp.ne.s32 p, %3, 0; @p cp.async.ca.shared.global [%0], [%1], 8, %2; }" ::"r"(to),
            "l"(from), "r"(t <= last ? 8 : 0), "r"(valid)
            : "memory");
      else
        asm volatile(
            "{ .reg .pred p; setp.ne.s32 p, %3, 0; @p cp.async.cg.shared.global [%0], [%1], 16, %2; }" ::"r"(to),
            "l"(from), "r"(t <= last ? 16 : 0), "r"(valid)
            : "memory");
    }
  }

 private:
  static __device__ __nv_bfloat16 const** pointer(unsigned char* shared, int i) {
    return reinterpret_cast<__nv_bfloat16 const**>(shared + S::pointers_at) + i * S::threads + threadIdx.x;
  }
  static __device__ int* stride_of(unsigned char* shared, int i) {
    return reinterpret_cast<int*>(shared + S::strides_at) + i * S::threads + threadIdx.x;
  }
};

/// d[tile of states] += the warp's channels of the state arrays of all steps times the steps' columns of `operand`.
/// rows: what this lane addresses of the first array, transposed.
template <class S>
__device__ inline void sum_channels(float (&d)[S::state_tiles][4], unsigned const (&rows)[S::fragments],
                                    unsigned const (&operand)[S::channel_tiles][2], int r) {
#pragma unroll
  for (int s = 0; s < S::steps; ++s)
#pragma unroll
    for (int f = 0; f < S::fragments; ++f) {
      unsigned m[4];
      load_transposed(m, rows[f] + static_cast<unsigned>(s * S::state_bytes));
      mma(d[S::state_tile(f)], m, r == s ? operand[S::channel_tile(f)][0] : 0u,
          r == s ? operand[S::channel_tile(f)][1] : 0u);
    }
}
/// Replaces a chunk's dt by delta = dt weight^T. weight: (16 channels, 8), of the warp.
template <class S>
__device__ inline void multiply_dt(unsigned char* raw, unsigned char const* weight, int r, int q) {
  auto* const delta = raw + S::raw_array;
  auto const* const own = weight + r * 16 + q * 4;
  float d[4] = {};
  mma(d, *reinterpret_cast<unsigned const*>(own), *reinterpret_cast<unsigned const*>(own + 8 * 16),
      *reinterpret_cast<unsigned const*>(delta + r * S::raw_row + q * 4));
  __syncwarp();
#pragma unroll
  for (int i = 0; i < 4; ++i)  // (channel, step) = (r, 2q) (r, 2q+1) (r+8, 2q) (r+8, 2q+1)
    *reinterpret_cast<unsigned short*>(delta + (2 * q + i % 2) * S::raw_row + (r + i / 2 * 8) * 2) =
        static_cast<unsigned short>(pack(d[i], 0.f));
  __syncwarp();
}

/// Prepares the raw inputs of a chunk: thread (r, q) takes channels 4q .. 4q + 3 of each tile at step r.
/// Leaves (delta / ln 2, delta x) and (dy, a pair of delta) for the recurrences in shared memory, silu(z) in place of
/// delta, the slope of softplus in place of z, dout silu'(z) in place of dout; dx and dy as tensor-core operands
/// (channel, step) in registers.
template <class S>
__device__ inline void prepare_chunk(float const* delta_bias, unsigned char* raw, unsigned char* mine, int r, int q,
                                     unsigned (&dx)[S::channel_tiles][2], unsigned (&dy)[S::channel_tiles][2]) {
#pragma unroll
  for (int tile = 0; tile < S::channel_tiles; ++tile) {
    auto* const at = reinterpret_cast<uint2*>(raw + r * S::raw_row + tile * 32 + q * 8);
    constexpr int array = S::raw_array / 8;
    uint2 const pairs[4] = {at[0], at[array], at[2 * array], at[3 * array]};
    float4 const bias = *reinterpret_cast<float4 const*>(delta_bias + tile * 16 + q * 4);
    float const biases[4] = {bias.x, bias.y, bias.z, bias.w};
    float dx_i[4], dy_i[4], slope[4], gate[4], silu[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float const before = element(pairs[1], i) + biases[i], e = exp2_approx(before * log2_e),
                  delta = softplus_approx(before, e);
      slope[i] = before > 20.f ? 1.f : e * reciprocal_approx(1.f + e);
      float const z = element(pairs[2], i), s = sigmoid_approx(z), dout = element(pairs[3], i);
      dx_i[i] = delta * element(pairs[0], i);
      silu[i] = z * s;
      dy_i[i] = dout * silu[i];
      gate[i] = dout * s * (1.f + z * (1.f - s));
      int const place = r * S::step_row + S::channel_byte(q) + tile * 128 + i * 16;
      *reinterpret_cast<float*>(mine + S::forward_at + place) = delta * log2_e;
      *reinterpret_cast<unsigned*>(mine + S::forward_at + place + 8) = split(dx_i[i]);
      *reinterpret_cast<unsigned*>(mine + S::backward_at + place) = split(dy_i[i]);
      *reinterpret_cast<unsigned*>(mine + S::backward_at + place + 8) = pack(delta, delta);
    }
    at[array] = {pack(silu[0], silu[1]), pack(silu[2], silu[3])};
    at[2 * array] = {pack(slope[0], slope[1]), pack(slope[2], slope[3])};
    at[3 * array] = {pack(gate[0], gate[1]), pack(gate[2], gate[3])};
    dx[tile][0] = pack(dx_i[0], dx_i[1]), dx[tile][1] = pack(dx_i[2], dx_i[3]);
    dy[tile][0] = pack(dy_i[0], dy_i[1]), dy[tile][1] = pack(dy_i[2], dy_i[3]);
  }
}

/// Of the warp's channels the sums of dx dy at steps 2q and 2q + 1; of all states the sum of C B at step r, whose row
/// of B and C is `BC`.
template <class S>
__device__ inline void left_out_sums(unsigned const (&dx)[S::channel_tiles][2],
                                     unsigned const (&dy)[S::channel_tiles][2], unsigned char const* BC, int r, int q,
                                     float2& dx_dy, float& C_B) {
  float of_channels[4] = {}, of_states[4] = {};  // (step, step): only the diagonal is used
#pragma unroll
  for (int tile = 0; tile < S::channel_tiles; ++tile)
    mma(of_channels, {dx[tile][0], 0u, dx[tile][1], 0u}, dy[tile][0], dy[tile][1]);
#pragma unroll
  for (int n = 0; n < S::states; n += 16) {
    uint2 const B = *reinterpret_cast<uint2 const*>(BC + (n + 4 * q) * 2),
                C = *reinterpret_cast<uint2 const*>(BC + (S::states + n + 4 * q) * 2);
    mma(of_states, {C.x, 0u, C.y, 0u}, B.x, B.y);
  }
  float const own = r % 2 == 0 ? of_channels[0] : of_channels[1];  // of step r where q == r / 2
  dx_dy = {__shfl_sync(0xffffffffu, own, 9 * q), __shfl_sync(0xffffffffu, own, 9 * q + 4)};
  C_B = __shfl_sync(0xffffffffu, r % 2 == 0 ? of_states[0] : of_states[1], r * 4 + r / 2);
}

/// dx, ddelta and dz of a chunk from the sums over states; thread (r, q) as in prepare_chunk. The warps of a team take
/// turns by step. C_B: sum over states of C B at step r.
template <class S>
__device__ inline void finish_chunk(ScanArgs<__nv_bfloat16> const& in, ScanGradientArgs<__nv_bfloat16> const& g,
                                    long long sequence, int first, int channel0, float const* D_of_warp,
                                    unsigned char const* raw, unsigned char const* mine, float C_B, int r, int q,
                                    int member, float (&dD)[S::channel_tiles][4], float (&dbias)[S::channel_tiles][4]) {
  if (first + r >= in.time || r % S::team != member) return;
  long long const row = sequence * in.time + first + r;
#pragma unroll
  for (int tile = 0; tile < S::channel_tiles; ++tile) {
    float sums[3][4] = {};  // of C h, carry B, w A
#pragma unroll
    for (int m = 0; m < S::team; ++m) {
      auto const* const warp = mine + (m - member) * S::warp_bytes;
      int const place = (r * S::sum_row + tile * 16 + q * 4) * 4;
#pragma unroll
      for (int k = 0; k < 3; ++k) {
        float4 const v = *reinterpret_cast<float4 const*>(
            warp + (k == 0 ? S::y_at : S::other_sums_at + (k - 1) * S::steps * S::sum_row * 4) + place);
        sums[k][0] += v.x, sums[k][1] += v.y, sums[k][2] += v.z, sums[k][3] += v.w;
      }
    }
    auto const* const at = reinterpret_cast<uint2 const*>(raw + r * S::raw_row + tile * 32 + q * 8);
    constexpr int array = S::raw_array / 8;
    uint2 const x_pairs = at[0], silu_pairs = at[array], slope_pairs = at[2 * array], gate_pairs = at[3 * array];
    int const channel = channel0 + tile * 16 + q * 4;
    float4 const D4 = *reinterpret_cast<float4 const*>(D_of_warp + tile * 16 + q * 4);
    float const D[4] = {D4.x, D4.y, D4.z, D4.w};
    float dx[4], ddelta[4], dz[4], out[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      int const place = r * S::step_row + S::channel_byte(q) + tile * 128 + i * 16;
      float const delta = *reinterpret_cast<float const*>(mine + S::forward_at + place) * (1.f / log2_e);
      unsigned const dy_pair = *reinterpret_cast<unsigned const*>(mine + S::backward_at + place);
      float const dy = low_half(dy_pair) + high_half(dy_pair), x = element(x_pairs, i);
      float const g_B = sums[1][i] + dy * C_B;
      dx[i] = dy * D[i] + delta * g_B;
      ddelta[i] = (sums[2][i] + x * g_B) * element(slope_pairs, i);
      float const y = sums[0][i] + D[i] * x;
      dz[i] = element(gate_pairs, i) * y;
      out[i] = element(silu_pairs, i) * y;
      dD[tile][i] += dy * x;
      dbias[tile][i] += ddelta[i];
    }
    put(g.dx + row * in.channels + channel, dx[0], dx[1], dx[2], dx[3]);
    put(g.ddelta + row * in.channels + channel, ddelta[0], ddelta[1], ddelta[2], ddelta[3]);
    put(g.dz + row * g.dz_stride + channel, dz[0], dz[1], dz[2], dz[3]);
    if (g.out != nullptr) put(g.out + row * in.channels + channel, out[0], out[1], out[2], out[3]);
  }
}

/// dB and dC of a chunk summed over the block's tiles of channels, as bf16 to the rows of this block in the workspace.
template <class S>
__device__ inline void write_parts(unsigned char const* shared, __nv_bfloat16* rows, int first, int time) {
  constexpr int elements = S::steps * 2 * S::states;
#pragma unroll
  for (int i = 0; i < elements / 4; i += S::threads) {
    int const at = (i + static_cast<int>(threadIdx.x)) * 4;
    if (elements / 4 % S::threads != 0 && at >= elements) break;
    int const s = at / (2 * S::states), column = at % (2 * S::states), n = column % S::states;
    int const local = s * S::parts_row + column / S::states * S::warp_states + n % S::warp_states;
    float4 sum{0, 0, 0, 0};
#pragma unroll
    for (int tile = 0; tile < S::warps / S::team; ++tile) {
      float4 const v = *reinterpret_cast<float4 const*>(shared + (tile * S::team + n / S::warp_states) * S::warp_bytes +
                                                        S::stage_at + S::parts_at + local * 4);
      sum.x += v.x, sum.y += v.y, sum.z += v.z, sum.w += v.w;
    }
    if (first + s < time)
      put(rows + static_cast<long long>(first + s) * 2 * S::states + column, sum.x, sum.y, sum.z, sum.w);
  }
}

/// dD and ddelta_bias of the team's channels, summed over lanes and warps, after dA in the rows of the workspace.
template <class S>
__device__ inline void write_channel_sums(float const (&dD)[S::channel_tiles][4],
                                          float const (&dbias)[S::channel_tiles][4], unsigned char* mine, float* row0,
                                          int lane, int member) {
  __syncthreads();
#pragma unroll
  for (int i = 0; i < S::channel_tiles * 4; ++i) {
    float D_i = dD[i / 4][i % 4], bias_i = dbias[i / 4][i % 4];
#pragma unroll
    for (int mask = 4; mask < 32; mask *= 2) {
      D_i += __shfl_xor_sync(0xffffffffu, D_i, mask);
      bias_i += __shfl_xor_sync(0xffffffffu, bias_i, mask);
    }
    if (lane < 4) reinterpret_cast<float2*>(mine)[i / 4 * 16 + lane * 4 + i % 4] = {D_i, bias_i};
  }
  __syncthreads();
  if (member == 0 && lane < S::warp_channels) {
    float2 sum{0, 0};
#pragma unroll
    for (int m = 0; m < S::team; ++m) {
      float2 const v = reinterpret_cast<float2 const*>(mine + m * S::warp_bytes)[lane];
      sum.x += v.x, sum.y += v.y;
    }
    row0[lane * (S::real + 2) + S::real] = sum.x;
    row0[lane * (S::real + 2) + S::real + 1] = sum.y;
  }
}

}  // namespace mambasynth::kernels::cuda::device
