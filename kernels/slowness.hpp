#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

// d[b,t,f] = h[b,t,f] - h[b,t-1,f]   for t = 1 .. time - 1;   d[b,0,f] = d[b,time,f] = 0
// window_sum[b] += sum over t, f of d^2;   dh[b,t,f] += 2 weight (d[b,t,f] - d[b,t+1,f])
// One layer of the slowness loss (train/losses/slowness.hpp) and the gradient of weight sum_b window_sum[b] in closed
// form. Reference: slowness_reference.cpp. GPU: cuda/slowness.cu. Tests: tests/train/losses_test.cpp,
// which compares the reference with autograd, tests/kernels/cuda/slowness_test.cpp. Caller:
// src/train/losses/slowness.cpp.
namespace mambasynth::kernels {

/// h, dh: (batch, time, feature) contiguous.
struct SlownessShape {
  std::int64_t batch, time, features;
};
template <class T>
struct SlownessArrays {
  T const* h;
  T* dh;               ///< added to, in fp32 or wider, rounded once
  double* window_sum;  ///< (batch), added to
};

/// T: float, double. Errors: std::invalid_argument for an impossible shape.
namespace reference {
template <class T>
void slowness(SlownessShape const&, double weight, SlownessArrays<T> const&);
}
/// T: float, BFloat16. The sums have a fixed order.
namespace cuda {
/// Enough for this batch and any smaller one.
std::size_t slowness_workspace_bytes(SlownessShape const&);
template <class T>
void slowness(SlownessShape const&, double weight, SlownessArrays<T> const&, std::byte* workspace, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
