#pragma once

// Barriers in shared memory (PTX: mbarrier) by their address there: arriving does not wait, and a phase that has passed
// is told from the one in work by its parity.
namespace mambasynth::kernels::cuda::device {

__device__ inline unsigned shared_address(void const* p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }

/// arrivals: that end a phase.
__device__ inline void barrier_init(unsigned at, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(at), "r"(arrivals) : "memory");
}
__device__ inline void barrier_arrive(unsigned at) {
  asm volatile("{ .reg .b64 t; mbarrier.arrive.shared::cta.b64 t, [%0]; }" ::"r"(at) : "memory");
}
/// The thread arrives once its copies (cp.async) so far are done.
__device__ inline void barrier_arrive_copied(unsigned at) {
  asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];" ::"r"(at) : "memory");
}
/// Orders what was done before the arrivals within the block: an order within a cluster would empty the L1 cache.
__device__ inline void barrier_wait(unsigned at, unsigned parity) {
  asm volatile(
      "{ .reg .pred p; again%=: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1; @!p bra again%=; }" ::"r"(at),
      "r"(parity)
      : "memory");
}

}  // namespace mambasynth::kernels::cuda::device
