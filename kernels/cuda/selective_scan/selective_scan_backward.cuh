#pragma once

#include "kernels/cuda/selective_scan/selective_scan_backward_tiles.cuh"

// The backward scan for bf16 activations. A warp has one or two tiles of 16 channels x 16 states, of which a thread
// holds 8 elements each; r = lane / 4 and q = lane % 4 name its channels (r, r + 8, ...) and states (adjacent ones from
// 4q or 8q on). This is the layout of the A operand of a tensor-core product whose inner index is the state. Chunks of
// 8 steps, last one first:
//   - the states are recomputed from the saved one in fp32, the decays a stay in registers, the states in shared
//   memory;
//   - then g = dy C + carry, carry = a g, backwards in fp32. With w = carry h[t-1] (= g a h[t-1]):
//       y += C h, carry B, w A   summed over states  by products of h, carry, w A (the inner index is the state)
//       dC += dy h, dB += dx carry summed over channels by products of the transposed h, carry with dy, dx of one step:
//                                  a matrix that is zero except for the step's column, so that 8 steps fill one
//                                  accumulator
//       dA += w delta            by a product with the identity: adds pairs of bf16 to fp32
//     and dB += C (sum over channels of dx dy), sum of g B = (sum of carry B) + dy (sum of C B) add the part of g that
//     carry lacks.
// Held in bf16: h, carry, w and their products with A and delta, dx and dy in dB and dC, and a block's partial sums of
// dB and dC; in the recurrences, dx and dy are sums of two bf16. All recurrences and sums are fp32.
namespace mambasynth::kernels::cuda::device {

/// Grid: sequences of the slab * segments * channels / S::channels. Rows must begin at multiples of 16 bytes. Dynamic
/// shared memory: S::shared_bytes.
template <class S>
__global__ void __launch_bounds__(S::threads, S::blocks)
    scan_backward_bf16(ScanArgs<__nv_bfloat16> in, ScanGradientArgs<__nv_bfloat16> g) {
  extern __shared__ uint4 dynamic_shared[];
  auto* const shared = reinterpret_cast<unsigned char*>(dynamic_shared);
  int const tid = static_cast<int>(threadIdx.x), warp = tid / 32, lane = tid % 32, r = lane / 4, q = lane % 4;
  int const member = warp % S::team, groups = in.channels / S::channels, group = static_cast<int>(blockIdx.x) % groups;
  Segment const part = segment(in, g.first_sequence * in.segments + blockIdx.x / groups);
  long long const sequence = part.sequence, in_slab = sequence - g.first_sequence;
  int const channel0 = group * S::channels + warp / S::team * S::warp_channels, state0 = member * S::warp_states;
  auto* const mine = shared + warp * S::warp_bytes;
  unsigned const mine_address = shared_address(mine);
  constexpr int last_step = S::steps - 1;

  // Rows of the matrices that this lane addresses: as they were stored, and transposed in the channel order of dx and
  // dy. Those of fragment 1 differ from fragment 0's by one bit: less to keep in registers.
  unsigned row_byte[S::fragments], rows[S::fragments], transposed_rows[S::fragments];
  row_byte[0] = static_cast<unsigned>(S::state_byte(lane % 16, lane / 16));
  rows[0] = mine_address + S::h_at + row_byte[0];
  transposed_rows[0] = mine_address + S::h_at +
                       static_cast<unsigned>(S::state_byte(lane % 8 / 2 * 4 + lane % 2 + lane / 16 * 2, lane / 8 % 2));
#pragma unroll
  for (int f = 1; f < S::fragments; ++f)
    row_byte[f] = row_byte[0] ^ 32u, rows[f] = rows[0] ^ 32u, transposed_rows[f] = transposed_rows[0] ^ 32u;
  unsigned const identity = r == 2 * q ? 0x3f80u : r == 2 * q + 1 ? 0x3f800000u : 0u;

  float carry[S::fragments][2][4] = {}, dA[S::fragments][2][4] = {};  // dA: (fragment, half, element)
  float dD[S::channel_tiles][4] = {}, dbias[S::channel_tiles][4] = {};
  auto* const own_A =
      reinterpret_cast<float4*>(shared + S::A_at) + tid;  // element 4 half + 2 c + b of f at [2 f + half]
  auto* const bias = reinterpret_cast<float*>(shared + S::bias_at);
#pragma unroll
  for (int i = 0; i < 2 * S::fragments; ++i) {  // half i % 2 of fragment i / 2
    int const n = state0 + S::state_tile(i / 2) * 16 + i % 2 * 8 + 2 * q,
              c = channel0 + S::channel_tile(i / 2) * 16 + r;
    auto const two_channels = [&](float const* rows, long long row) {
      if (S::real < S::states && n >= S::real) return float4{0.f, 0.f, 0.f, 0.f};
      auto const* const at = rows + (row + c) * S::real + n;
      float2 const one = *reinterpret_cast<float2 const*>(at),
                   other = *reinterpret_cast<float2 const*>(at + 8 * S::real);
      return float4{one.x, one.y, other.x, other.y};
    };
    own_A[i * S::threads] = two_channels(in.A, 0);
    if (g.carry == nullptr || part.index == in.segments - 1) continue;
    float4 const v = two_channels(g.carry, part.number * in.channels);
    auto& to = carry[i / 2][i % 2];
    to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
  }
  auto* const D = reinterpret_cast<float*>(shared + S::D_at);
  if (tid < S::channels) bias[tid] = in.delta_bias[group * S::channels + tid], D[tid] = in.D[group * S::channels + tid];

  auto* const dt_weight = shared + S::dt_weight_at;
  if (in.dt != nullptr && tid < S::channels)
    reinterpret_cast<uint4*>(dt_weight)[tid] = reinterpret_cast<uint4 const*>(in.dt_weight)[group * S::channels + tid];

  // For each stage: B and C have arrived; all warps have finished the chunk.
  unsigned const copied = shared_address(shared) + S::barriers_at, done = copied + 16;
  if (tid == 0)
    for (unsigned i = 0; i < 4; ++i) barrier_init(copied + i * 8, S::threads);
  if constexpr (S::real < S::states)
    for (int i = tid; i < 2 * S::block_stage_bytes / 16; i += S::threads)
      reinterpret_cast<uint4*>(shared + S::block_stage_at)[i] = {0, 0, 0, 0};
  using Copies = ChunkCopies<S>;
  Copies::prepare(in, g.dout, sequence, channel0, state0, shared);
  __syncthreads();
  int const first_chunk = part.begin / S::steps, last_chunk = (part.end - 1) / S::steps;
  int chunk = last_chunk, stage = 0;
  unsigned copied_parity = 0, done_parity = 0;  // bit of a stage
  auto const fetch_states = [&](int of_chunk, int to_stage) {
    Copies::start_states(
        in, of_chunk, shared,
        shared_address(shared) + S::block_stage_at + static_cast<unsigned>(to_stage * S::block_stage_bytes));
    barrier_arrive_copied(copied + to_stage * 8);
  };
  // dB and dC of a chunk are summed over the warps in the middle of the next chunk, when all have finished it: no warp
  // waits for the slowest at the end.
  auto const finish_states = [&](int of_chunk, int of_stage) {
    barrier_wait(done + of_stage * 8, done_parity >> of_stage & 1);
    done_parity ^= 1u << of_stage;
    write_parts<S>(
        shared + of_stage * S::stage_bytes,
        reinterpret_cast<__nv_bfloat16*>(g.state_parts) + (group * g.slab + in_slab) * in.time * 2 * S::states,
        of_chunk * S::steps, in.time);
  };
  Copies::start(in, chunk, shared, mine_address + S::stage_at);
  fetch_states(chunk, stage);
  wait_for_copies();
  __syncthreads();
  for (; chunk >= first_chunk; --chunk, stage ^= 1) {
    auto* const staged = mine + S::stage_at + stage * S::stage_bytes;
    auto* const block_staged = shared + S::block_stage_at + stage * S::block_stage_bytes;
    int const other = stage ^ 1;
    int const ahead = max(chunk - 1, first_chunk);  // the last one is fetched again, unused
    auto* const raw = staged + S::raw_at;
    auto const* const BC_raw = block_staged + r * S::BC_row;  // of step r
    auto* const parts = reinterpret_cast<float*>(staged + S::parts_at);
    // Operands of products that add dx B or dy C of a step to 16 channels x 8 states: the inner index 2q + b is half b
    // of step 4 group + q, and the channels' side is zero except for the step's.
    auto const of_channels = [&](unsigned (&to)[S::channel_tiles][2], int array, int group_of_steps) {
#pragma unroll
      for (int tile = 0; tile < S::channel_tiles; ++tile) {
        uint2 const v = *reinterpret_cast<uint2 const*>(mine + array + (group_of_steps * 4 + q) * S::step_row +
                                                        tile * 128 + r * 16);
        to[tile][0] = v.x, to[tile][1] = v.y;
      }
    };
    auto const of_states = [&](unsigned (&to)[S::state_tiles][2], int which, int group_of_steps) {
#pragma unroll
      for (int i = 0; i < 2 * S::state_tiles; ++i)
        to[i / 2][i % 2] =
            twice(block_staged + (group_of_steps * 4 + q) * S::BC_row + (which * S::states + state0 + i * 8 + r) * 2);
    };
    auto const operand_of = [&](unsigned (&to)[S::state_tiles][2], int which) {  // all steps
#pragma unroll
      for (int i = 0; i < 2 * S::state_tiles; ++i)
        to[i / 2][i % 2] =
            *reinterpret_cast<unsigned const*>(BC_raw + (which * S::states + state0 + i * 8 + 2 * q) * 2);
    };
    unsigned dx[S::channel_tiles][2], dy[S::channel_tiles][2];
    if (in.dt != nullptr) multiply_dt<S>(raw, dt_weight + warp / S::team * S::warp_channels * 16, r, q);
    prepare_chunk<S>(bias + warp / S::team * S::warp_channels, raw, mine, r, q, dx, dy);
    Copies::start(in, ahead, shared, mine_address + S::stage_at + static_cast<unsigned>(other * S::stage_bytes));
    __syncwarp();
    barrier_wait(copied + stage * 8, copied_parity >> stage & 1);
    copied_parity ^= 1u << stage;

    float a[S::steps][S::fragments][2][4];
    {
      float A[S::fragments][2][4], h[S::fragments][2][4], dC[S::state_tiles][4] = {}, y[S::channel_tiles][4] = {};
      unsigned pairs[S::fragments][4], C_operand[S::state_tiles][2], dx_s[2][S::channel_tiles][2],
          B_s[2][S::state_tiles][2];
#pragma unroll
      for (int f = 0; f < S::fragments; ++f) {
        load_matrices(pairs[f], shared_address(staged + S::saved_at) + row_byte[f]);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          float4 const v = own_A[(2 * f + half) * S::threads];
          A[f][half][0] = v.x, A[f][half][1] = v.y, A[f][half][2] = v.z, A[f][half][3] = v.w;
        }
#pragma unroll
        for (int i = 0; i < 4; ++i)
          h[f][i / 2][i % 2 * 2] = low_half(pairs[f][i]), h[f][i / 2][i % 2 * 2 + 1] = high_half(pairs[f][i]);
      }
      operand_of(C_operand, 1);
      auto const decays_of = [&](int s) {
        float2 delta[S::channel_tiles];
#pragma unroll
        for (int tile = 0; tile < S::channel_tiles; ++tile)
          delta[tile] = *reinterpret_cast<float2 const*>(mine + S::forward_at + s * S::step_row + tile * 128 + r * 16);
#pragma unroll
        for (int f = 0; f < S::fragments; ++f)
#pragma unroll
          for (int i = 0; i < 8; ++i)
            a[s][f][i / 4][i % 4] = exp2_approx(
                (i % 4 / 2 == 0 ? delta[S::channel_tile(f)].x : delta[S::channel_tile(f)].y) * A[f][i / 4][i % 4]);
      };
      of_channels(dx_s[0], S::forward_at + 8, 0);
      of_states(B_s[0], 0, 0);
      decays_of(0);
#pragma unroll
      for (int s = 0; s < S::steps; ++s) {
        if (s == 2) {
          of_channels(dx_s[1], S::forward_at + 8, 1);
          of_states(B_s[1], 0, 1);
        }
#pragma unroll
        for (int f = 0; f < S::fragments; ++f) {
          int const tile = S::channel_tile(f);
          unsigned const dx_0 = q == s % 4 ? dx_s[s / 4][tile][0] : 0u, dx_1 = q == s % 4 ? dx_s[s / 4][tile][1] : 0u;
#pragma unroll
          for (int half = 0; half < 2; ++half) {
#pragma unroll
            for (int i = 0; i < 4; ++i) h[f][half][i] *= a[s][f][half][i];
            mma(h[f][half], dx_0, dx_1, B_s[s / 4][S::state_tile(f)][half]);
          }
        }
        if (s < last_step) decays_of(s + 1);  // while the products run
#pragma unroll
        for (int f = 0; f < S::fragments; ++f) {
#pragma unroll
          for (int i = 0; i < 4; ++i) pairs[f][i] = pack(h[f][i / 2][i % 2 * 2], h[f][i / 2][i % 2 * 2 + 1]);
          store_matrices(pairs[f], rows[f] + static_cast<unsigned>(s * S::state_bytes));
        }
        float d[S::channel_tiles][4];  // for the C of each step; only this step's column is used
        sum_states<S>(d, pairs, C_operand);
#pragma unroll
        for (int tile = 0; tile < S::channel_tiles; ++tile)
          if (q == s / 2) y[tile][s % 2] = d[tile][s % 2], y[tile][s % 2 + 2] = d[tile][s % 2 + 2];
      }
      __syncwarp();
      if (chunk < last_chunk) finish_states(chunk + 1, other);
      fetch_states(ahead, other);
      sum_channels<S>(dC, transposed_rows, dy, r);
#pragma unroll
      for (int tile = 0; tile < S::channel_tiles; ++tile)
        spread<S::sum_row>(y[tile], reinterpret_cast<float*>(mine + S::y_at) + tile * 16, r, q);
#pragma unroll
      for (int tile = 0; tile < S::state_tiles; ++tile)
        spread<S::parts_row>(dC[tile], parts + S::warp_states + tile * 16, r, q);
      __syncwarp();
    }

    // Backward in time; carry replaces the states in shared memory.
    float with_B[S::channel_tiles][4] = {}, with_decay[S::channel_tiles][4] = {}, dB[S::state_tiles][4] = {};
    {
      unsigned pairs[S::fragments][4], A[S::fragments][4], h[2][S::fragments][4], B_operand[S::state_tiles][2];
      unsigned dy_s[2][S::channel_tiles][2], C_s[2][S::state_tiles][2];
#pragma unroll
      for (int f = 0; f < S::fragments; ++f) {
        load_matrices(h[last_step % 2][f], rows[f] + static_cast<unsigned>((last_step - 1) * S::state_bytes));
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          float4 const v = own_A[(2 * f + half) * S::threads];
          A[f][2 * half] = pack(v.x, v.y), A[f][2 * half + 1] = pack(v.z, v.w);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) pairs[f][i] = pack(carry[f][i / 2][i % 2 * 2], carry[f][i / 2][i % 2 * 2 + 1]);
        store_matrices(pairs[f], rows[f] + static_cast<unsigned>(last_step * S::state_bytes));
      }
      operand_of(B_operand, 0);
      auto const sum_with_B = [&](int s) {  // of what `pairs` holds: carry before step s
        float d[S::channel_tiles][4];
        sum_states<S>(d, pairs, B_operand);
#pragma unroll
        for (int tile = 0; tile < S::channel_tiles; ++tile)
          if (q == s / 2) with_B[tile][s % 2] = d[tile][s % 2], with_B[tile][s % 2 + 2] = d[tile][s % 2 + 2];
      };
      auto const add_dy_C = [&](int s) {  // carry becomes g of step s
#pragma unroll
        for (int f = 0; f < S::fragments; ++f) {
          int const tile = S::channel_tile(f);
          unsigned const dy_0 = q == s % 4 ? dy_s[s / 4][tile][0] : 0u, dy_1 = q == s % 4 ? dy_s[s / 4][tile][1] : 0u;
#pragma unroll
          for (int half = 0; half < 2; ++half) mma(carry[f][half], dy_0, dy_1, C_s[s / 4][S::state_tile(f)][half]);
        }
      };
      of_channels(dy_s[1], S::backward_at, 1);
      of_states(C_s[1], 1, 1);
      add_dy_C(last_step);
      sum_with_B(last_step);
#pragma unroll
      for (int s = last_step; s >= 0; --s) {
#pragma unroll
        for (int f = 0; f < S::fragments; ++f)
#pragma unroll
          for (int half = 0; half < 2; ++half) {
#pragma unroll
            for (int i = 0; i < 4; ++i) carry[f][half][i] *= a[s][f][half][i];
            pairs[f][2 * half] = pack(carry[f][half][0], carry[f][half][1]);
            pairs[f][2 * half + 1] = pack(carry[f][half][2], carry[f][half][3]);
          }
        if (s == 6) {
          of_channels(dy_s[0], S::backward_at, 0);
          of_states(C_s[0], 1, 0);
        }
        if (s > 0) {
          add_dy_C(s - 1);  // overlaps with the rest of the step
#pragma unroll
          for (int f = 0; f < S::fragments; ++f)
            load_matrices(h[(s - 1) % 2][f], s > 1 ? rows[f] + static_cast<unsigned>((s - 2) * S::state_bytes)
                                                   : shared_address(staged + S::saved_at) + row_byte[f]);
        }
        unsigned const ones = r == s ? 0x3f803f80u : 0u;
#pragma unroll
        for (int f = 0; f < S::fragments; ++f) {
          int const tile = S::channel_tile(f);
          uint2 const delta =
              *reinterpret_cast<uint2 const*>(mine + S::backward_at + s * S::step_row + tile * 128 + r * 16 + 8);
          if (s > 0) store_matrices(pairs[f], rows[f] + static_cast<unsigned>((s - 1) * S::state_bytes));
          unsigned w_A[4], w_delta[4];
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            unsigned const w = multiply_pairs(pairs[f][i], h[s % 2][f][i]);
            w_A[i] = multiply_pairs(w, A[f][i]);
            w_delta[i] = multiply_pairs(w, i % 2 == 0 ? delta.x : delta.y);
          }
          mma(with_decay[tile], w_A, ones, ones);
          mma(dA[f][0], w_delta[0], w_delta[1], identity);
          mma(dA[f][1], w_delta[2], w_delta[3], identity);
        }
        if (s > 0) sum_with_B(s - 1);
      }
      __syncwarp();
      sum_channels<S>(dB, transposed_rows, dx, r);
    }
    float2 dx_dy;  // the part of g that carry lacks: for steps 2q and 2q + 1 the sum of dx dy over channels,
    float C_B_r;   // for step r the sum of C B over states
    left_out_sums<S>(dx, dy, BC_raw, r, q, dx_dy, C_B_r);
#pragma unroll
    for (int tile = 0; tile < S::state_tiles; ++tile) {
      auto const C = [&](int step, int half) {
        return low_half(
            twice(block_staged + (2 * q + step) * S::BC_row + (S::states + state0 + tile * 16 + half * 8 + r) * 2));
      };
      dB[tile][0] += dx_dy.x * C(0, 0), dB[tile][1] += dx_dy.y * C(1, 0);
      dB[tile][2] += dx_dy.x * C(0, 1), dB[tile][3] += dx_dy.y * C(1, 1);
      spread<S::parts_row>(dB[tile], parts + tile * 16, r, q);
    }
    __syncwarp();
#pragma unroll
    for (int tile = 0; tile < S::channel_tiles; ++tile) {
      auto* const sums = reinterpret_cast<float*>(mine + S::other_sums_at) + tile * 16;
      spread<S::sum_row>(with_B[tile], sums, r, q);
      spread<S::sum_row>(with_decay[tile], sums + S::steps * S::sum_row, r, q);
    }
    team_sync<S>(warp / S::team);
    finish_chunk<S>(in, g, sequence, chunk * S::steps, channel0, D + warp / S::team * S::warp_channels, raw, mine,
                    C_B_r, r, q, member, dD, dbias);

    if constexpr (S::team > 1) team_sync<S>(warp / S::team);  // the others of the team have read this warp's sums
    barrier_arrive(done + stage * 8);
    wait_for_copies();
    __syncwarp();
  }
  finish_states(first_chunk, stage ^ 1);

  auto* const row0 = g.parameter_parts + (part.number * in.channels + channel0) * (S::real + 2);
#pragma unroll
  for (int f = 0; f < S::fragments; ++f)
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      int const n = state0 + S::state_tile(f) * 16 + i / 4 * 8 + 2 * q + i % 2;
      if (S::real == S::states || n < S::real)
        row0[(S::channel_tile(f) * 16 + i / 2 % 2 * 8 + r) * (S::real + 2) + n] = dA[f][i / 4][i % 4];
    }
  write_channel_sums<S>(dD, dbias, mine, row0, lane, member);
}

}  // namespace mambasynth::kernels::cuda::device
