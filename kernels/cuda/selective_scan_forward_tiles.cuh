#pragma once

#include "kernels/cuda/selective_scan_tiles.cuh"

// The forward scan for bf16 activations and many sequences. A warp has tiles of 16 channels x 16 states, a thread 8 numbers
// of each (selective_scan_tiles.cuh), r = lane / 4 and q = lane % 4. Tensor-core products add dx B to the decayed state (dx
// as the sum of two bf16) and sum C h over states (h rounded to bf16); the recurrence itself is fp32.
namespace mambasynth::kernels::cuda::device {

template <int states_, int channel_tiles_, int state_tiles_>
struct ForwardTiles : TileShape<states_, 4, channel_tiles_, state_tiles_> {
  using Base = TileShape<states_, 4, channel_tiles_, state_tiles_>;
  static_assert(Base::team == 1);
  static constexpr int saved_at = 0, forward_at = Base::state_bytes, y_at = forward_at + Base::steps * Base::step_row;
  static constexpr int warp_bytes = y_at + Base::steps * Base::sum_row * 4;
  // Of the block: two stages of B and C, then delta's bias and D.
  static constexpr int stage_bytes = Base::steps * Base::BC_row, stage_at = Base::warps * warp_bytes;
  static constexpr int bias_at = stage_at + 2 * stage_bytes, D_at = bias_at + Base::channels * 4, shared_bytes = D_at + Base::channels * 4;
  static constexpr int pieces = (Base::steps * states_ / 4 + Base::threads - 1) / Base::threads;  ///< of 8 B or C a thread
};

/// Grid: batch * channels / S::channels. Takes rows at multiples of 16 bytes.
template <class S>
__global__ void __launch_bounds__(S::threads, 4) scan_forward_tiles(ScanArgs<__nv_bfloat16> in) {
  __shared__ alignas(16) unsigned char shared[S::shared_bytes];
  int const tid = static_cast<int>(threadIdx.x), warp = tid / 32, lane = tid % 32, r = lane / 4, q = lane % 4;
  int const groups = in.channels / S::channels, channel0 = static_cast<int>(blockIdx.x) % groups * S::channels + warp * S::warp_channels;
  long long const sequence = blockIdx.x / groups, row0 = sequence * in.time;
  auto* const mine = shared + warp * S::warp_bytes;

  unsigned rows[S::fragments];
  float A[S::fragments][2][4], h[S::fragments][2][4] = {};
#pragma unroll
  for (int f = 0; f < S::fragments; ++f) {
    rows[f] = shared_address(mine + S::saved_at) +
              static_cast<unsigned>(S::state_byte(S::channel_tile(f) * 16 + lane % 16, S::state_tile(f) * 2 + lane / 16));
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float const* const at = in.A + static_cast<long long>(channel0 + S::channel_tile(f) * 16 + r) * S::states + S::state_tile(f) * 16 + half * 8 + 2 * q;
      A[f][half][0] = at[0], A[f][half][1] = at[1], A[f][half][2] = at[8 * S::states], A[f][half][3] = at[8 * S::states + 1];
    }
  }

  auto* const bias_of_block = reinterpret_cast<float*>(shared + S::bias_at);
  auto* const D_of_block = reinterpret_cast<float*>(shared + S::D_at);
  if (tid < S::channels) {
    bias_of_block[tid] = in.delta_bias[channel0 - warp * S::warp_channels + tid];
    D_of_block[tid] = in.D[channel0 - warp * S::warp_channels + tid];
  }

  // Thread (r, q) takes channels 4q .. 4q + 3 of each tile at step r, one chunk ahead. Offsets within a sequence fit into 32
  // bits (the launcher sees to it). Past the end: the last step again, which is not used.
  auto const *const x_base = in.x + row0 * in.x_stride, *const delta_base = in.delta + row0 * in.delta_stride,
             *const z_base = in.z + row0 * in.z_stride, *const B_base = in.B + row0 * in.B_stride, *const C_base = in.C + row0 * in.C_stride;
  unsigned const own_channel = static_cast<unsigned>(channel0 + q * 4);
  uint2 x_next[S::channel_tiles], delta_next[S::channel_tiles], z_next[S::channel_tiles];
  auto const fetch = [&](int first, int stage) {
    unsigned const row = static_cast<unsigned>(min(first + r, in.time - 1));
#pragma unroll
    for (int tile = 0; tile < S::channel_tiles; ++tile) {
      x_next[tile] = __ldg(reinterpret_cast<uint2 const*>(x_base + (row * static_cast<unsigned>(in.x_stride) + own_channel) + tile * 16));
      delta_next[tile] = __ldg(reinterpret_cast<uint2 const*>(delta_base + (row * static_cast<unsigned>(in.delta_stride) + own_channel) + tile * 16));
      z_next[tile] = __ldg(reinterpret_cast<uint2 const*>(z_base + (row * static_cast<unsigned>(in.z_stride) + own_channel) + tile * 16));
    }
#pragma unroll
    for (int i = 0; i < S::pieces; ++i) {
      int const piece = i * S::threads + tid, s = piece / (S::states / 4), n = piece % (S::states / 4) * 8;
      unsigned const states_row = static_cast<unsigned>(min(first + s, in.time - 1));
      if (s < S::steps)
        copy_async(shared_address(shared + S::stage_at) + static_cast<unsigned>(stage * S::stage_bytes + s * S::BC_row + n * 2),
                   n < S::states ? B_base + (states_row * static_cast<unsigned>(in.B_stride) + static_cast<unsigned>(n))
                                 : C_base + (states_row * static_cast<unsigned>(in.C_stride) + static_cast<unsigned>(n - S::states)), true);
    }
  };

  int stage = 0;
  fetch(0, stage);
  wait_for_copies();
  __syncthreads();
  for (int first = 0; first < in.time; first += S::steps, stage ^= 1) {
    auto const* const BC = shared + S::stage_at + stage * S::stage_bytes;
    bool const inside = first + r < in.time;
    uint2 x_raw[S::channel_tiles], z_raw[S::channel_tiles];
#pragma unroll
    for (int tile = 0; tile < S::channel_tiles; ++tile) {
      float4 const bias4 = *reinterpret_cast<float4 const*>(bias_of_block + warp * S::warp_channels + tile * 16 + q * 4);
      float const bias[4] = {bias4.x, bias4.y, bias4.z, bias4.w};
      x_raw[tile] = x_next[tile], z_raw[tile] = z_next[tile];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float const before = element(delta_next[tile], i) + bias[i];
        // After the end delta has to leave the state as it is (last_state).
        float const delta = zero_unless(inside, softplus_approx(before, exp2_approx(before * log2_e)));
        int const place = r * S::step_row + S::channel_byte(q) + tile * 128 + i * 16;
        *reinterpret_cast<float*>(mine + S::forward_at + place) = delta * log2_e;
        *reinterpret_cast<unsigned*>(mine + S::forward_at + place + 8) = split(delta * element(x_raw[tile], i));
      }
    }
    fetch(first + S::steps, stage ^ 1);
    unsigned pairs[S::fragments][4];  // of h
    if (in.saved != nullptr)
#pragma unroll
      for (int f = 0; f < S::fragments; ++f) {
#pragma unroll
        for (int i = 0; i < 4; ++i) pairs[f][i] = pack(h[f][i / 2][i % 2 * 2], h[f][i / 2][i % 2 * 2 + 1]);
        store_matrices(pairs[f], rows[f]);
      }
    __syncwarp();
    if (in.saved != nullptr) {
      constexpr int row_pieces = 2 * S::state_tiles;  // of 16 bytes
      auto* const saved = in.saved + ((sequence * in.saved_chunks + first / S::steps) * in.channels + channel0) * S::states;
#pragma unroll
      for (int i = 0; i < S::fragments; ++i) {
        int const piece = i * 32 + lane;
        *reinterpret_cast<uint4*>(saved + piece * 8) =
            *reinterpret_cast<uint4 const*>(mine + S::saved_at + S::state_byte(piece / row_pieces, piece % row_pieces));
      }
    }
    unsigned C_operand[S::state_tiles][2], dx_s[S::channel_tiles][2], B_s[S::state_tiles][2];
#pragma unroll
    for (int i = 0; i < 2 * S::state_tiles; ++i)
      C_operand[i / 2][i % 2] = *reinterpret_cast<unsigned const*>(BC + r * S::BC_row + (S::states + i * 8 + 2 * q) * 2);
    float y[S::channel_tiles][4] = {};
#pragma unroll
    for (int s = 0; s < S::steps; ++s) {
      if (s % 4 == 0) {  // inner index 2q + b of the products that add dx B: half b of dx at step s + q
#pragma unroll
        for (int tile = 0; tile < S::channel_tiles; ++tile) {
          uint2 const v = *reinterpret_cast<uint2 const*>(mine + S::forward_at + (s + q) * S::step_row + tile * 128 + r * 16 + 8);
          dx_s[tile][0] = v.x, dx_s[tile][1] = v.y;
        }
#pragma unroll
        for (int i = 0; i < 2 * S::state_tiles; ++i)
          B_s[i / 2][i % 2] = twice(BC + (s + q) * S::BC_row + (i * 8 + r) * 2);
      }
#pragma unroll
      for (int f = 0; f < S::fragments; ++f) {
        int const tile = S::channel_tile(f);
        float2 const delta = *reinterpret_cast<float2 const*>(mine + S::forward_at + s * S::step_row + tile * 128 + r * 16);
        unsigned const dx_0 = q == s % 4 ? dx_s[tile][0] : 0u, dx_1 = q == s % 4 ? dx_s[tile][1] : 0u;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            h[f][half][i] *= exp2_approx((i / 2 == 0 ? delta.x : delta.y) * A[f][half][i]);
          }
          mma(h[f][half], dx_0, dx_1, B_s[S::state_tile(f)][half]);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) pairs[f][i] = pack(h[f][i / 2][i % 2 * 2], h[f][i / 2][i % 2 * 2 + 1]);
      }
      float d[S::channel_tiles][4];  // for the C of each step; this step's column is wanted
      sum_states<S>(d, pairs, C_operand);
#pragma unroll
      for (int tile = 0; tile < S::channel_tiles; ++tile)
        if (q == s / 2) y[tile][s % 2] = d[tile][s % 2], y[tile][s % 2 + 2] = d[tile][s % 2 + 2];
    }
#pragma unroll
    for (int tile = 0; tile < S::channel_tiles; ++tile)
      spread<S::sum_row>(y[tile], reinterpret_cast<float*>(mine + S::y_at) + tile * 16, r, q);
    __syncwarp();
#pragma unroll
    for (int tile = 0; tile < S::channel_tiles; ++tile) {
      int const channel = channel0 + tile * 16 + q * 4;
      float4 const y4 = *reinterpret_cast<float4 const*>(mine + S::y_at + (r * S::sum_row + tile * 16 + q * 4) * 4);
      float4 const D = *reinterpret_cast<float4 const*>(D_of_block + warp * S::warp_channels + tile * 16 + q * 4);
      float const out[4] = {y4.x + D.x * element(x_raw[tile], 0), y4.y + D.y * element(x_raw[tile], 1),
                            y4.z + D.z * element(x_raw[tile], 2), y4.w + D.w * element(x_raw[tile], 3)};
      float gated[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float const z = element(z_raw[tile], i);
        gated[i] = out[i] * z * sigmoid_approx(z);
      }
      if (inside)
        *reinterpret_cast<uint2*>(in.out + (row0 + first + r) * in.channels + channel) = {pack(gated[0], gated[1]), pack(gated[2], gated[3])};
    }
    wait_for_copies();
    __syncthreads();
  }
  if (in.last_state != nullptr)
#pragma unroll
    for (int f = 0; f < S::fragments; ++f)
#pragma unroll
      for (int half = 0; half < 2; ++half)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          in.last_state[(sequence * in.channels + channel0 + S::channel_tile(f) * 16 + i / 2 * 8 + r) * S::states + S::state_tile(f) * 16 +
                        half * 8 + 2 * q + i % 2] = h[f][half][i];
}

}  // namespace mambasynth::kernels::cuda::device
