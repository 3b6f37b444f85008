#pragma once

#include <array>
#include <cstdint>

// out = keep ? x / (1 - p) : 0, with `keep` drawn by Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3") from a counter that names the element: the mask depends on (seed, step, site, sample, element)
// alone, so it is the same for any number of threads or ranks and the backward recomputes it instead of storing it.
//
//   stream = the first two words of philox(counter = (step low, step high, site, 0), key = (seed low, seed high))
//   word   = philox(counter = (element / 4, 0, sample low, sample high), key = stream)[element % 4]
//   keep   = word >= p 2^32 (rounded)
//
// Reference: dropout_reference.cpp. CPU: dropout_cpu.cpp (threads), dropout_lanes.cpp (vectors). GPU: the same mask in
// cuda/dropout.cuh, applied by cuda/residual_norm.cu. Tests: tests/kernels/dropout_test.cpp,
// tests/kernels/cuda/residual_norm_test.cpp. Callers: src/model/mixer.cpp; src/train/philox_stream.cpp takes philox().
namespace mambasynth::kernels {

struct DropoutKey {
  std::uint64_t seed;  ///< of the trial
  std::uint64_t step;  ///< optimizer step
  std::uint32_t site;  ///< which of the network's dropouts
};

/// x, out: (samples, elements of one sample), contiguous; may be the same array. `first_sample` is the index of row 0
/// within the global batch. Forward and backward are the same function (the mask is linear). x / (1 - p) is x times
/// 1 / (1 - p) rounded to T. T: float, double.
/// Errors: std::invalid_argument for p outside 0 .. 1, or for 2^34 or more elements in a sample.
template <class T>
void dropout(DropoutKey const&, double p, std::int64_t first_sample, std::int64_t samples, std::int64_t elements,
             T const* x, T* out);

namespace reference {
template <class T>
void dropout(DropoutKey const&, double p, std::int64_t first_sample, std::int64_t samples, std::int64_t elements,
             T const* x, T* out);
}  // namespace reference

/// Philox4x32-10: four words from a counter and a key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Shared by the versions of dropout: the key of the masks of one site and step, and the smallest word that is kept.
std::array<std::uint32_t, 2> dropout_stream(DropoutKey const&);
std::uint64_t dropout_threshold(double p);
void check_dropout(double p, std::int64_t elements);

}  // namespace mambasynth::kernels
