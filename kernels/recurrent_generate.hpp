#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/stream.hpp"
#include "kernels/recurrent_step.hpp"

// next = prediction of the first head behind the seed;  for each step  next = round(next + noise), recorded and read by
// the network;  next = its prediction, with noise inside the layers where a burst says so.
// Host: src/generate/host.cpp over kernels/recurrent_step.hpp. GPU: cuda/recurrent_generate.cu.
// Test: tests/generate/generate_test.cpp, tests/generate/gpu_test.cpp. Caller: src/generate/.
namespace mambasynth::kernels {

struct RecurrentGeneration {
  std::int64_t sequences, seed_steps, steps;
  bool bf16_feedback;  ///< round is to bf16, of prediction, noise and sum; else nothing
  float const* seed;   ///< (sequence, seed step, channel)
  float const* noise;  ///< (sequence, step, channel), added to what is fed back; nullptr: none
  /// Noise inside: (step), which row of hidden_noise the prediction behind this step gets, or -1. That pass leaves the
  /// carried state alone. nullptr: none.
  std::int32_t const* burst;
  std::int64_t bursts;
  float const* hidden_noise;  ///< (sequence, burst, layer, feature)
  float* generated;           ///< (sequence, step, channel)
};

namespace cuda {
/// The weights as the GPU reads them, from host to host: recurrent_packed_size floats.
std::int64_t recurrent_packed_size(RecurrentShape const&);
void pack_recurrent(RecurrentShape const&, RecurrentWeights<float> const&, float* packed);
/// Bytes of the carried states on the device; what is in them need not be set.
std::size_t recurrent_workspace_bytes(RecurrentShape const&, std::int64_t sequences);
/// Seed and generation in one launch, fp32 throughout. packed and all arrays of the generation on the device.
/// Errors: std::invalid_argument where a step does not fit the GPU's shared memory.
void recurrent_generate(RecurrentShape const&, float const* packed, RecurrentGeneration const&, std::byte* workspace,
                        Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
