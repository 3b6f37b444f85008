#pragma once

#include "kernels/cuda/dropout.cuh"
#include "kernels/cuda/element.cuh"

// Device code for kernels/augment.hpp.
namespace mambasynth::kernels::cuda::device {

inline constexpr int augment_threads = 256;
/// As in kernels/augment.hpp; augment.cu checks that they agree.
inline constexpr unsigned augment_noise_purpose = 2, augment_draws_counter = 1;

struct AugmentArguments {
  long long rows, time;
  int channels, width;
  float const *rotation, *scale;
  double noise;
  unsigned long long seed, step;
  long long first_sample, batch_size;
  StepState const* state;
};

/// [0, 1) from the upper 27 and 26 bits of two words.
__device__ inline double unit(unsigned a, unsigned b) {
  return (static_cast<double>(a >> 5) * 0x1p26 + static_cast<double>(b >> 6)) * 0x1p-53;
}

/// One of the two normal numbers that adjacent elements get from one set of words. Angles are in half turns: sin()
/// would pull in the argument reduction for huge angles, with its stack frame.
__device__ inline double normal(Words4 const& words, bool even) {
  double const radius = sqrt(-2 * log(1 - unit(words.word[0], words.word[1])));
  double const half_turns = 2 * unit(words.word[2], words.word[3]);
  return radius * (even ? cospi(half_turns) : sinpi(half_turns));
}

/// One thread per element of `input`.
template <class T>
__global__ __launch_bounds__(augment_threads) void augment(AugmentArguments a, float const* x, float* target,
                                                           T* input) {
  long long const i = static_cast<long long>(blockIdx.x) * augment_threads + threadIdx.x;
  if (i >= a.rows * a.width) return;
  long long const row = i / a.width;
  int const c = static_cast<int>(i - row * a.width);
  if (c >= a.channels) {
    input[i] = from_float<T>(0);
    return;
  }
  long long const b = row / a.time, batch = a.state != nullptr ? a.state->batch : 0;
  float value = x[row * a.channels + c];
  if (a.rotation != nullptr) {
    float const* const q = a.rotation + (batch * a.channels + c) * a.channels;
    value = 0;
    for (int j = 0; j < a.channels; ++j) value += q[j] * x[row * a.channels + j];
  }
  if (a.scale != nullptr) value *= a.scale[batch * a.batch_size + b];
  target[row * a.channels + c] = value;
  if (a.noise > 0) {
    unsigned long long const step = a.state != nullptr ? a.state->step : a.step;
    auto const low = [](unsigned long long v) { return static_cast<unsigned>(v); };
    auto const high = [](unsigned long long v) { return static_cast<unsigned>(v >> 32); };
    Words4 const stream =
        philox(low(step), high(step), augment_noise_purpose, augment_draws_counter, low(a.seed), high(a.seed));
    auto const sample = static_cast<unsigned long long>(a.first_sample + b);
    auto const element = static_cast<unsigned long long>((row - b * a.time) * a.channels + c);
    Words4 const words =
        philox(low(element / 2), high(element / 2), low(sample), high(sample), stream.word[0], stream.word[1]);
    value += static_cast<float>(a.noise * normal(words, element % 2 == 0));
  }
  input[i] = from_float<T>(value);
}

}  // namespace mambasynth::kernels::cuda::device
