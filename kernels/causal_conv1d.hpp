#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

// out[t,d] = silu(bias[d] + sum_j weight[d,j] x[t - (d_conv-1) + j, d]),   x = 0 before the first step.
// The depthwise causal convolution of a Mamba block (Gu & Dao 2023, section 3.4) with its activation.
// Reference: causal_conv1d_reference.cpp. CPU: causal_conv1d_cpu.cpp (threads), causal_conv1d_lanes.cpp (vectors).
// GPU: cuda/causal_conv1d.cu. Tests: tests/kernels/causal_conv1d_test.cpp, tests/kernels/cuda/causal_conv1d_test.cpp.
// Callers: src/model/mixer.cpp, src/gpu/engine_forward.cpp, src/gpu/engine_backward.cpp; benchmarks: src/bench.
namespace mambasynth::kernels {

struct ConvShape {
  std::int64_t batch, time, channels, d_conv;
};
inline constexpr std::int64_t max_d_conv = 8;
/// Errors of every function below: std::invalid_argument for a negative size, or d_conv outside 1 .. max_d_conv.
void check_conv(ConvShape const&);

/// x: (batch, time, channel) with `x_stride` elements between time steps; weight: (channel, tap); bias: (channel);
/// out: (batch, time, channel) contiguous. T: float, double.
template <class T>
void causal_conv1d_forward(ConvShape const&, T const* x, std::int64_t x_stride, T const* weight, T const* bias, T* out);
/// dout: contiguous; dx has its own stride; dweight and dbias are laid out like weight and bias. All are overwritten.
/// The pre-activation is recomputed. Bit-identical for any number of threads.
template <class T>
void causal_conv1d_backward(ConvShape const&, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                            T const* dout, T* dx, std::int64_t dx_stride, T* dweight, T* dbias);

namespace reference {
template <class T>
void causal_conv1d_forward(ConvShape const&, T const* x, std::int64_t x_stride, T const* weight, T const* bias, T* out);
template <class T>
void causal_conv1d_backward(ConvShape const&, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                            T const* dout, T* dx, std::int64_t dx_stride, T* dweight, T* dbias);
}  // namespace reference

/// One GPU (kernels/cuda/). T: float or BFloat16; weight, bias and their gradients fp32. Arguments as above.
namespace cuda {
template <class T>
void causal_conv1d_forward(ConvShape const&, T const* x, std::int64_t x_stride, Parameter<T> const* weight,
                           Parameter<T> const* bias, T* out, Stream);
/// Enough for this batch and any smaller one.
std::size_t conv_workspace_bytes(ConvShape const&);
template <class T>
void causal_conv1d_backward(ConvShape const&, T const* x, std::int64_t x_stride, Parameter<T> const* weight,
                            Parameter<T> const* bias, T const* dout, T* dx, std::int64_t dx_stride,
                            Parameter<T>* dweight, Parameter<T>* dbias, std::byte* workspace, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
