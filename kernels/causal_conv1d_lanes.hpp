#pragma once

#include <cstdint>

#include "kernels/causal_conv1d.hpp"

// The vectorized part of the convolution (causal_conv1d_lanes.cpp, compiled once for each instruction set). Lanes are
// channels; a task is one batch row and one group of channels.
namespace mambasynth::kernels {

inline constexpr int conv_group = 64;  ///< channels of a task; a multiple of every vector's lanes
constexpr std::int64_t conv_groups(std::int64_t channels) { return (channels + conv_group - 1) / conv_group; }

template <class T>
struct ConvTask {
  ConvShape shape;
  std::int64_t batch, first_channel;
  T const* x;
  std::int64_t x_stride;
  T const *weight, *bias;  ///< of the group, padded with zeros: (tap, channel of the group), (channel of the group)
};

/// dweight, dbias: laid out like ConvTask's weight and bias, of this task alone, overwritten. recent: scratch of
/// max_d_conv * conv_group elements.
template <class T>
struct ConvTaskGradients {
  T const* dout;
  T* dx;
  std::int64_t dx_stride;
  T *dweight, *dbias, *recent;
};

template <class T>
struct ConvLanes {
  void (*forward)(ConvTask<T> const&, T* out);
  void (*backward)(ConvTask<T> const&, ConvTaskGradients<T> const&);
};

namespace baseline {
template <class T>
ConvLanes<T> conv_lanes();
}
namespace avx2 {
template <class T>
ConvLanes<T> conv_lanes();
}
namespace avx512 {
template <class T>
ConvLanes<T> conv_lanes();
}

}  // namespace mambasynth::kernels
