#pragma once

#include <cstdint>

// out = keep ? x / (1 - p) : 0, with `keep` drawn by Philox4x32-10 (Salmon et al. 2011) from a counter that names the
// element: the mask depends on (seed, step, site, sample, element) alone, so it is the same for any number of threads
// or ranks and is recomputed in the backward instead of being stored.
namespace mambasynth::kernels {

struct DropoutKey {
  std::uint64_t seed;  ///< of the trial
  std::uint64_t step;  ///< optimiser step
  std::uint32_t site;  ///< which dropout of the network
};

/// x, out: (samples, elements of one sample), contiguous; may be the same array. `first_sample` is the index of row 0
/// within the global batch. Forward and backward are the same function (the mask is linear). T: float, double.
template <class T>
void dropout(DropoutKey const&, double p, std::int64_t first_sample, std::int64_t samples, std::int64_t elements,
             T const* x, T* out);

namespace reference {
template <class T>
void dropout(DropoutKey const&, double p, std::int64_t first_sample, std::int64_t samples, std::int64_t elements,
             T const* x, T* out);
}  // namespace reference

}  // namespace mambasynth::kernels
