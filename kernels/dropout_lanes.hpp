#pragma once

#include <cstdint>

// The vectorized part of dropout (dropout_lanes.cpp, compiled once for each instruction set).
namespace mambasynth::kernels {

/// A run of elements of one sample, starting at a multiple of four.
template <class T>
struct DropoutRun {
  std::uint32_t stream[2];  ///< dropout_stream()
  std::uint64_t sample;
  std::uint32_t threshold;  ///< words from here on are kept
  T scale;
  std::int64_t first, count;
  T const* x;  ///< of the first element, as is out
  T* out;
};

namespace baseline {
template <class T>
void dropout_run(DropoutRun<T> const&);
}
namespace avx2 {
template <class T>
void dropout_run(DropoutRun<T> const&);
}
namespace avx512 {
template <class T>
void dropout_run(DropoutRun<T> const&);
}

}  // namespace mambasynth::kernels
