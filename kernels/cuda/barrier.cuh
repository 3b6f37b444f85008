#pragma once

// Barriers in shared memory (PTX: mbarrier), named by their address: arriving does not wait, and the parity tells a
// completed phase from the current one.
namespace mambasynth::kernels::cuda::device {

__device__ inline unsigned shared_address(void const* p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }

/// arrivals: how many complete a phase.
__device__ inline void barrier_init(unsigned at, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(at), "r"(arrivals) : "memory");
}
__device__ inline void barrier_arrive(unsigned at) {
  asm volatile("{ .reg .b64 t; mbarrier.arrive.shared::cta.b64 t, [%0]; }" ::"r"(at) : "memory");
}
/// The thread arrives once its copies (cp.async) so far have completed.
__device__ inline void barrier_arrive_copied(unsigned at) {
  asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];" ::"r"(at) : "memory");
}
/// Orders memory accesses before the arrivals within the block only: ordering within the cluster would invalidate L1.
__device__ inline void barrier_wait(unsigned at, unsigned parity) {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "{ .reg .pred p; again%=: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1; @!p bra again%=; }" ::"r"(at),
      "r"(parity)
      : "memory");
#else
  asm volatile(
      "{ .reg .pred p; again%=: mbarrier.test_wait.parity.shared::cta.b64 p, [%0], %1; @!p bra again%=; }" ::"r"(at),
      "r"(parity)
      : "memory");
#endif
}

}  // namespace mambasynth::kernels::cuda::device
