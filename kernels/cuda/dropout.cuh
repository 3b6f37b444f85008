#pragma once

#include "kernels/cuda/step_state.hpp"

// Device code for the mask of kernels/dropout.hpp.
namespace mambasynth::kernels::cuda::device {

struct Words4 {
  unsigned word[4];
};

/// As in kernels/philox.hpp; residual_norm.cu checks that they agree.
inline constexpr int philox_rounds = 10;
inline constexpr unsigned philox_multiplier_0 = 0xD2511F53, philox_multiplier_1 = 0xCD9E8D57;
inline constexpr unsigned philox_weyl_0 = 0x9E3779B9, philox_weyl_1 = 0xBB67AE85;

__device__ inline Words4 philox(unsigned c0, unsigned c1, unsigned c2, unsigned c3, unsigned k0, unsigned k1) {
#pragma unroll
  for (int round = 0; round < philox_rounds; ++round) {
    unsigned long long const a = static_cast<unsigned long long>(philox_multiplier_0) * c0;
    unsigned long long const b = static_cast<unsigned long long>(philox_multiplier_1) * c2;
    c0 = static_cast<unsigned>(b >> 32) ^ c1 ^ k0;
    c1 = static_cast<unsigned>(b);
    c2 = static_cast<unsigned>(a >> 32) ^ c3 ^ k1;
    c3 = static_cast<unsigned>(a);
    k0 += philox_weyl_0;
    k1 += philox_weyl_1;
  }
  return {{c0, c1, c2, c3}};
}

struct DropoutArguments {
  bool on;
  unsigned last_dropped;  ///< words up to this one drop their element
  float scale;            ///< 1 / (1 - p)
  unsigned site;
  unsigned long long seed, step;
  long long first_sample;
  StepState const* state;  ///< if given, holds the step
};

/// The mask of one site and step.
struct DropoutMask {
  DropoutArguments of;
  unsigned k0 = 0, k1 = 0;

  __device__ explicit DropoutMask(DropoutArguments const& arguments) : of(arguments) {
    if (!of.on) return;
    unsigned long long const step = of.state != nullptr ? of.state->step : of.step;
    Words4 const stream = philox(static_cast<unsigned>(step), static_cast<unsigned>(step >> 32), of.site, 0,
                                 static_cast<unsigned>(of.seed), static_cast<unsigned>(of.seed >> 32));
    k0 = stream.word[0];
    k1 = stream.word[1];
  }
  /// v = keep ? v / (1 - p) : 0 for N adjacent elements of a sample; N = 1, or N and `element` multiples of 4.
  template <int N>
  __device__ void apply(long long sample, long long element, float (&v)[N]) const {
    if (!of.on) return;
    auto const at = static_cast<unsigned long long>(of.first_sample + sample);
#pragma unroll
    for (int i = 0; i < N; i += 4) {
      Words4 const words = philox(static_cast<unsigned>((element + i) / 4), 0, static_cast<unsigned>(at),
                                  static_cast<unsigned>(at >> 32), k0, k1);
      if constexpr (N == 1) {
        unsigned const which = static_cast<unsigned>(element) % 4;
        unsigned const word =
            which < 2 ? (which == 0 ? words.word[0] : words.word[1]) : (which == 2 ? words.word[2] : words.word[3]);
        v[0] = word > of.last_dropped ? v[0] * of.scale : 0;
      } else {
#pragma unroll
        for (int j = 0; j < 4; ++j) v[i + j] = words.word[j] > of.last_dropped ? v[i + j] * of.scale : 0;
      }
    }
  }
  /// The same at `column` of a row, `steps` rows of `features` per sample. In 32 bits: a 64-bit division takes ten
  /// times as long.
  template <int N>
  __device__ void apply_row(unsigned row, unsigned steps, int features, int column, float (&v)[N]) const {
    if (!of.on) return;
    unsigned const sample = row / steps;
    apply(sample, static_cast<long long>(row - sample * steps) * features + column, v);
  }
};

}  // namespace mambasynth::kernels::cuda::device
