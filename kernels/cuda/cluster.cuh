#pragma once

#include "kernels/cuda/barrier.cuh"

// Blocks of a cluster that write into each other's shared memory, and copies that count their bytes on a barrier there
// (PTX ISA 8.1, sm_90).
namespace mambasynth::kernels::cuda::device {

__device__ inline unsigned block_in_cluster() {
  unsigned rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
/// The same address in the shared memory of block `rank`.
__device__ inline unsigned in_block(unsigned address, unsigned rank) {
  unsigned remote;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(remote) : "r"(address), "r"(rank));
  return remote;
}
__device__ inline void cluster_sync() {
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

/// Required before other blocks and copies use the barriers.
__device__ inline void barrier_init_visible() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
/// An arrival that also makes the phase wait for `bytes`, which may arrive before this call.
__device__ inline void barrier_expect(unsigned long long* barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}
/// 16 bytes to another block, counted on its barrier; both addresses by in_block().
__device__ inline void store_async(unsigned to, float4 v, unsigned barrier) {
  asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.f32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
               "f"(v.x), "f"(v.y), "f"(v.z), "f"(v.w), "r"(barrier)
               : "memory");
}
/// Global to this block's shared memory, counted on its barrier. Addresses and `bytes` are multiples of 16.
__device__ inline void copy_async(float* to, float const* from, unsigned bytes, unsigned long long* barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                   shared_address(to)),
               "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(shared_address(barrier))
               : "memory");
}

}  // namespace mambasynth::kernels::cuda::device
