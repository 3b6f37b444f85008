#pragma once

#include <cstdint>

#include "kernels/selective_scan.hpp"

// The vectorized part of the scan (selective_scan_lanes.cpp, compiled once for each instruction set) and what it shares
// with the part that distributes it over threads (selective_scan_cpu.cpp).
//
// Lanes are channels: the sum for y then stays within a lane, and every number of states is equally efficient. A task
// is one batch row and one group of channels. Arrays of a group are packed as (state, channel of the group), padded
// with zeros, for which every term of every sum is zero.
namespace mambasynth::kernels {

inline constexpr int scan_group = 64;       ///< channels of a task; a multiple of every vector's lanes
inline constexpr int scan_tile_states = 4;  ///< states that are carried in registers through a chunk
inline constexpr int scan_steps = static_cast<int>(scan_chunk);

constexpr std::int64_t scan_padded_states(std::int64_t states) {
  return (states + scan_tile_states - 1) / scan_tile_states * scan_tile_states;
}
constexpr std::int64_t scan_groups(std::int64_t channels) { return (channels + scan_group - 1) / scan_group; }

template <class T>
struct ScanTask {
  ScanShape shape;
  ScanInputs<T> inputs;
  std::int64_t batch;          ///< this task's batch row
  std::int64_t first_channel;  ///< of its group
  T const* decay;              ///< A / ln 2 of the group: (padded state, channel of the group)
  T* scratch;                  ///< of this thread
};

/// What a backward task adds to or writes for the sums over tasks.
template <class T>
struct ScanSums {
  T* carry;             ///< dL/dh at the boundary with the next chunk: (padded state, channel of the group)
  T* dA;                ///< (padded state, channel of the group), added to
  T *dD, *ddelta_bias;  ///< (channel of the group), added to
  T *dB, *dC;           ///< sums over the group's channels: (tile, step of the chunk, state of the tile), overwritten
};

template <class T>
struct ScanLanes {
  std::int64_t (*forward_scratch)(std::int64_t states);  ///< elements that a thread needs
  std::int64_t (*backward_scratch)(std::int64_t states);
  void (*forward)(ScanTask<T> const&, ScanOutputs<T> const&);  ///< all time steps
  void (*backward)(ScanTask<T> const&, std::int64_t chunk, T const* checkpoints, ScanGradients<T> const&,
                   ScanSums<T> const&);  ///< one chunk; chunks are called last to first
};

namespace baseline {
template <class T>
ScanLanes<T> scan_lanes();
}
namespace avx2 {
template <class T>
ScanLanes<T> scan_lanes();
}
namespace avx512 {
template <class T>
ScanLanes<T> scan_lanes();
}

}  // namespace mambasynth::kernels
