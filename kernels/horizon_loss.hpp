#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

// error[b,t,c] = prediction[b,t,c] + bias[c] - x[b,t+k,c]   for t < time - k
// window_sum[b] = sum over t, c of error^2;   dprediction = scale error (0 for t >= time - k and in padding columns)
// Reference: horizon_loss_reference.cpp. GPU: cuda/horizon_loss.cu. Tests: tests/kernels/horizon_loss_test.cpp,
// tests/kernels/cuda/horizon_loss_test.cpp. Caller: src/train/losses/mean_squared_error.cpp.
namespace mambasynth::kernels {

/// prediction, dprediction: (batch, time, width) contiguous with width >= channels; x: (batch, time, channel)
/// contiguous.
struct LossShape {
  std::int64_t batch, time, channels, width, horizon;
};
/// `prediction` without its bias, fp32. dprediction, dbias: nullptr for evaluation. window_sum: (batch).
template <class T>
struct LossArrays {
  float const* prediction;
  float const* bias;
  float const* x;
  double* window_sum;
  T* dprediction;
  float* dbias;  ///< (channel): sum of dprediction, unrounded, over batch and time
};

namespace reference {
template <class T>
void horizon_loss(LossShape const&, double scale, LossArrays<T> const&);
}
namespace cuda {
/// Enough for this batch and any smaller one.
std::size_t horizon_loss_workspace_bytes(LossShape const&);
template <class T>
void horizon_loss(LossShape const&, double scale, LossArrays<T> const&, std::byte* workspace, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
