#pragma once

#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/step_state.hpp"
#include "kernels/cuda/stream.hpp"

namespace mambasynth::kernels::cuda {

/// Cuts windows out of a series on the device: x[b,t,c] = series[starts[first + b] + t, c], with first =
/// state->batch * batch_size (state nullptr: 0).
/// x: (batch, time, channel) fp32. padded: (batch, time, width) in T with zeros after the channels, the operand of the
/// matrix product.
struct WindowShape {
  std::int64_t batch, time, channels, width;
};
template <class T>
void gather_windows(WindowShape const&, float const* series, std::int64_t const* starts, std::int64_t batch_size,
                    StepState const* state, float* x, T* padded, Stream);

}  // namespace mambasynth::kernels::cuda
