#pragma once

namespace mambasynth::train::losses {

/// Whether the CUDA kernels are linked. In `if constexpr`, so that a build without them does not look for them.
#ifdef MAMBASYNTH_CUDA
inline constexpr bool cuda_build = true;
#else
inline constexpr bool cuda_build = false;
#endif

}  // namespace mambasynth::train::losses
