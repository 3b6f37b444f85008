#pragma once

#include "kernels/cuda/selective_scan/selective_scan.cuh"
#include "kernels/cuda/warp_mma.cuh"

// The tiles of 16 channels x 16 states in which the tensor-core versions of the scan hold the state: an A operand of a
// product whose inner index is the state, r = lane / 4, q = lane % 4 (warp_mma.cuh).
namespace mambasynth::kernels::cuda::device {

/// real_: of `states_`; the others are padding whose A, B and C are zero.
template <int states_, int warps_, int channel_tiles_, int state_tiles_, int real_>
struct TileShape {
  static constexpr int states = states_, warps = warps_, real = real_;
  static_assert(real == states || states == 16);
  static constexpr int channel_tiles = channel_tiles_, state_tiles = state_tiles_,
                       fragments = channel_tiles * state_tiles;  ///< of a warp
  static constexpr int steps = scan_save_steps<__nv_bfloat16>;   ///< of a chunk
  static constexpr int warp_states = 16 * state_tiles, warp_channels = 16 * channel_tiles;
  static constexpr int team = states / warp_states;  ///< warps that share channels
  static constexpr int channels = warps / team * warp_channels, threads = warps * 32;

  // Bytes of shared memory: the bf16 states of a warp, one step's row of (pair of decays, pair of increments) of its
  // channels.
  static constexpr int state_bytes = 512 * fragments, step_row = channel_tiles * 128 + 16;
  static constexpr int sum_row = warp_channels + 4,
                       BC_row = 4 * states + 16;  ///< floats; bytes; padded against bank conflicts

  /// Byte of channel 4q of a tile in a step's row; channel 4q + i is 16 i bytes further. Lane (r, .) reads channels r
  /// and r + 8 of the pair of decays at 16 r, of the pair of increments 8 bytes further.
  __device__ static int channel_byte(int q) { return (q & 1) * 64 + (q >> 1) * 4; }

  // A thread's elements are A operands ("fragments"): fragment f has tile f / state_tiles of the channels and tile
  // f % state_tiles of the states. Element 4 half + 2 c + b of it is channel r + 8 c, state 8 half + 2q + b of the
  // tile; number 2 half + c of its four registers as pairs of bf16.
  __host__ __device__ static constexpr int channel_tile(int f) { return f / state_tiles; }
  __host__ __device__ static constexpr int state_tile(int f) { return f % state_tiles; }

  /// Byte of 8 states (number `eighth`) of a channel in a warp's state array; swizzled so that no load, plain or
  /// transposed, has bank conflicts.
  __device__ static int state_byte(int channel, int eighth) {
    if constexpr (state_tiles == 2) return ((channel * 4 + eighth) ^ (((channel >> 1) ^ (channel >> 3)) & 3)) * 16;
    else return ((channel * 2 + eighth) ^ (((channel >> 2) & 1) + ((channel >> 3) & 1) * 4)) * 16;
  }
};

/// Number i of four bf16.
__device__ inline float element(uint2 const& four, int i) {
  unsigned const pair = i < 2 ? four.x : four.y;
  return i % 2 == 0 ? low_half(pair) : high_half(pair);
}

/// v as a pair of bf16 whose sum has 16 bits of it. (Converting a single number would use the special function unit.)
__device__ inline unsigned split(float v) {
  unsigned const rounded = pack(v, 0.f);
  return pack(low_half(rounded), v - low_half(rounded));
}
/// The same bf16 twice, as a pair.
__device__ inline unsigned twice(unsigned char const* at) {
  unsigned const v = *reinterpret_cast<unsigned short const*>(at);
  return __byte_perm(v, v, 0x1010);
}

/// d[tile of channels] = the sum over states of the fragments times `operand`.
template <class S>
__device__ inline void sum_states(float (&d)[S::channel_tiles][4], unsigned const (&fragments)[S::fragments][4],
                                  unsigned const (&operand)[S::state_tiles][2]) {
#pragma unroll
  for (int f = 0; f < S::fragments; ++f) {
    auto const& o = operand[S::state_tile(f)];
    if (S::state_tile(f) == 0) mma_fresh(d[S::channel_tile(f)], fragments[f], o[0], o[1]);
    else mma(d[S::channel_tile(f)], fragments[f], o[0], o[1]);
  }
}

/// Stores sums d of a product (channel, step) or (state, step) to shared memory, one row per step.
template <int row>
__device__ inline void spread(float const (&d)[4], float* to, int r, int q) {
  to[2 * q * row + r] = d[0], to[(2 * q + 1) * row + r] = d[1];
  to[2 * q * row + r + 8] = d[2], to[(2 * q + 1) * row + r + 8] = d[3];
}

}  // namespace mambasynth::kernels::cuda::device
