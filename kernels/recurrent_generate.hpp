#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/stream.hpp"
#include "kernels/recurrent_step.hpp"

// next = prediction of the first head after the seed;  for each step  next = round(next + noise), which is recorded and
// read by the network;  next = its prediction, with noise inside the layers during a burst. CPU: src/generate/host.cpp
// over recurrent_step.hpp. GPU: cuda/recurrent/recurrent_generate.cu. Tests: tests/generate/generate_test.cpp,
// tests/generate/gpu_test.cpp. Callers: src/generate/host.cpp, src/generate/on_gpu.cpp.
namespace mambasynth::kernels {

struct RecurrentGeneration {
  std::int64_t sequences, seed_steps, steps;
  bool bf16_feedback;  ///< rounds prediction, noise and sum to bf16; otherwise round() does nothing
  float const* seed;   ///< (sequence, seed step, channel)
  float const* noise;  ///< (sequence, step, channel), added to what is fed back; nullptr: none
  /// Noise inside: (step), the row of hidden_noise for the prediction after this step, or -1. That pass does not change
  /// the carried state. nullptr: none.
  std::int32_t const* burst;
  std::int64_t bursts;
  float const* hidden_noise;  ///< (sequence, burst, layer, feature)
  float* generated;           ///< (sequence, step, channel)
};

namespace cuda {
/// The weights in the GPU's layout, from host to host: recurrent_packed_size floats.
std::int64_t recurrent_packed_size(RecurrentDimensions const&);
void pack_recurrent(RecurrentDimensions const&, RecurrentWeights<float> const&, float* packed);
/// Bytes of the carried states on the device; they need no initialization.
std::size_t recurrent_workspace_bytes(RecurrentDimensions const&, std::int64_t sequences);
/// Seed and generation in one launch, fp32 throughout. packed and all arrays of the generation on the device.
/// Errors: std::invalid_argument if a step does not fit into the GPU's shared memory.
void recurrent_generate(RecurrentDimensions const&, float const* packed, RecurrentGeneration const&,
                        std::byte* workspace, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
