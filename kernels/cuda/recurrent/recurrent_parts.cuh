#pragma once

#include <cuda_bf16.h>

#include "kernels/cuda/approximate.cuh"
#include "kernels/cuda/cluster.cuh"
#include "kernels/cuda/recurrent/recurrent_plan.cuh"
#include "kernels/cuda/warp_sums.cuh"

// Building blocks of recurrent_generate.cuh: sums within a warp, exchanges of partial sums between the
// blocks of a cluster, and weights that stream into shared memory.
namespace mambasynth::kernels::cuda::device {

/// Device side of RecurrentGeneration: what one launch generates.
struct RecurrentRun {
  long long seed_steps, steps, bursts;
  int bf16_feedback;
  float const *seed, *noise, *hidden_noise;
  int const* burst;
  float* generated;
  float* states;        ///< of every block
  int state_in_shared;  ///< where there is room
};

__device__ inline float4 quad(float const* p) { return *reinterpret_cast<float4 const*>(p); }
__device__ inline float dot(float4 a, float4 b, float sum) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}
__device__ inline float silu(float v) { return __fdividef(v, 1 + expf(-v)); }
__device__ inline float to_nearest_bf16(float v) { return __bfloat162float(__float2bfloat16_rn(v)); }

__device__ inline float sum_of_eight_lanes(float v) {
  v += __shfl_xor_sync(~0u, v, 4);
  v += __shfl_xor_sync(~0u, v, 2);
  return v + __shfl_xor_sync(~0u, v, 1);
}

/// Data that every block sends to every other: one buffer, one barrier.
struct Exchange {
  float* received;  ///< (block, count)
  unsigned long long* barrier;
  int count;
  unsigned to, signal;  ///< this block's address in the buffer, and the barrier, of the block that this warp sends to
  unsigned phase;

  __device__ Exchange(float* buffer, unsigned long long* of_buffer, int numbers, int rank)
      : received(buffer),
        barrier(of_buffer),
        count(numbers),
        to(in_block(shared_address(buffer + rank * numbers), threadIdx.x / 32) + threadIdx.x % 32 * 16),
        signal(in_block(shared_address(of_buffer), threadIdx.x / 32)),
        phase(0) {}
  __device__ void begin() const {
    barrier_expect(barrier, static_cast<unsigned>(recurrent_blocks * count) * 4);
  }  // thread 0
  /// `mine` in shared memory, complete.
  __device__ void send(float const* mine) const {
    unsigned at = to;
    for (int i = 4 * (threadIdx.x % 32); i < count; i += 128, at += 512) store_async(at, quad(mine + i), signal);
  }
  __device__ void wait() {
    barrier_wait(shared_address(barrier), phase);
    phase ^= 1;
    if (threadIdx.x == 0) begin();
  }
  __device__ float sum(int i) const {
    float part[recurrent_blocks];
#pragma unroll
    for (int b = 0; b < recurrent_blocks; ++b) part[b] = received[b * count + i];
#pragma unroll
    for (int half = recurrent_blocks / 2; half > 0; half /= 2)
#pragma unroll
      for (int b = 0; b < half; ++b) part[b] += part[b + half];
    return part[0];
  }
};

/// Slices streamed through one buffer of shared memory; STAGED = false reads them in place.
template <bool STAGED>
struct WeightBuffer {
  float* buffer;
  unsigned long long* barrier;
  float const* next = nullptr;
  unsigned phase = 0;

  /// The buffer must be free: call after a __syncthreads that follows the last reader.
  __device__ void fetch(float const* slice, int size) {
    next = slice;
    if constexpr (STAGED)
      if (threadIdx.x == 0) {
        barrier_expect(barrier, static_cast<unsigned>(size) * 4);
        copy_async(buffer, slice, static_cast<unsigned>(size) * 4, barrier);
      }
  }
  __device__ float const* wait() {
    if constexpr (STAGED) {
      barrier_wait(shared_address(barrier), phase);
      phase ^= 1;
      return buffer;
    }
    return next;
  }
};

/// Assigns shared memory.
struct SharedArena {
  float* next;
  __device__ float* take(int count) {
    float* const at = next;
    next += count;
    return at;
  }
};

}  // namespace mambasynth::kernels::cuda::device
