#pragma once

#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

// target[b,t] = f_b Q x[b,t];   input[b,t,c] = target[b,t,c] + noise n[first_sample + b, t channels + c]
// The augmentations of a training batch (train/augment.hpp) with Q and f from the caller. n is standard normal (Box
// & Muller 1958) from the Philox numbers that train::PhiloxStream defines:
//
//   stream = the first two words of philox(counter = (step low, step high, noise_purpose, draws_counter), key = seed)
//   words  = philox(counter = ((element / 2) low, high, row low, high), key = stream), element = t channels + c
//   a, b   = 53 bits each of words 0, 1 and 2, 3, on [0, 1);   r = sqrt(-2 log(1 - a))
//   n      = r cos(2 pi b) for even elements, r sin(2 pi b) for odd ones, in fp64, rounded to fp32 after the factor
//   `noise`
//
// Reference: augment_reference.cpp. CPU: src/train/augment.cpp. GPU: cuda/augment.cu. Tests:
// tests/train/augment_test.cpp, which compares the reference with the training on the CPU,
// tests/kernels/cuda/augment_test.cpp. Callers: src/gpu/objective.cpp; src/train/philox_stream.cpp takes the constants.
namespace mambasynth::kernels::cuda {
struct StepState;  // kernels/cuda/step_state.hpp
}
namespace mambasynth::kernels {

/// x, target: (batch, time, channel) fp32; input: (batch, time, width) with zeros after the channels. All contiguous.
struct AugmentShape {
  std::int64_t batch, time, channels, width;
};

inline constexpr std::uint32_t noise_purpose = 2, draws_counter = 1;

/// If `state` is given, as in a training step on the GPU, rotation and scale are tables over the batches of an epoch,
/// indexed by state->batch, and the step is state->step. Without it, they are those of this batch.
struct Augmentation {
  float const* rotation = nullptr;  ///< ([batch of the epoch,] channel, channel) Q; nullptr: none
  float const* scale =
      nullptr;       ///< ([batch of the epoch, batch_size]) f, from the first of these windows on; nullptr: none
  double noise = 0;  ///< standard deviation, in the data's units; 0: none
  std::uint64_t seed = 0, step = 0;  ///< of the noise
  std::int64_t first_sample = 0;     ///< number of the first window in the whole batch
  std::int64_t batch_size = 0;       ///< windows of all ranks and parts
  cuda::StepState const* state = nullptr;
};

/// Errors: std::invalid_argument for an impossible shape. The reference takes no state.
namespace reference {
void augment(AugmentShape const&, Augmentation const&, float const* x, float* target, float* input);
}
namespace cuda {
/// x is neither target nor input. T: float, BFloat16.
template <class T>
void augment(AugmentShape const&, Augmentation const&, float const* x, float* target, T* input, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
