#pragma once

#include <cstdint>

#include "kernels/lanes.hpp"
#include "kernels/selective_scan_lanes.hpp"

// Layout of a task's arrays in its thread's scratch; part of selective_scan_lanes.cpp and compiled like it.
namespace mambasynth::kernels::MAMBASYNTH_LANES {
namespace {

constexpr int tile = scan_tile_states;
constexpr int steps_max = scan_steps;

/// Splits a thread's scratch into its arrays.
template <class T>
struct Cursor {
  T* next;
  T* take(std::int64_t count) {
    T* const here = next;
    next += count;
    return here;
  }
};

/// One chunk of one group. Arrays over time are (block of lanes, step, lane): a block is contiguous.
template <class T>
struct Chunk {
  static constexpr int width = Lanes<T>::width;
  static constexpr int per_time = scan_group * steps_max;

  ScanTask<T> const& task;
  std::int64_t first_step;
  int steps, channels, blocks, tiles;

  Chunk(ScanTask<T> const& a_task, std::int64_t chunk) : task(a_task) {
    auto const& shape = task.shape;
    first_step = chunk * steps_max;
    auto const left = shape.time - first_step;
    steps = left < steps_max ? static_cast<int>(left) : steps_max;
    auto const channels_left = shape.channels - task.first_channel;
    channels = channels_left < scan_group ? static_cast<int>(channels_left) : scan_group;
    blocks = (channels + width - 1) / width;
    tiles = static_cast<int>(scan_padded_states(shape.states)) / tile;
  }
  /// Lanes of a block that hold channels.
  int count(int block) const { return channels - block * width; }
  /// Start of step t of the group in an array with `stride` elements per step.
  std::int64_t offset(int t, std::int64_t stride) const {
    return (task.batch * task.shape.time + first_step + t) * stride + task.first_channel;
  }
  static int at(int block, int t) { return (block * steps_max + t) * width; }

  /// B or C as (tile, step, state of the tile), zeros after the last state.
  void pack_states(T const* from, std::int64_t stride, T* to) const {
    auto const states = task.shape.states;
    for (int t = 0; t < steps; ++t) {
      T const* row = from + (task.batch * task.shape.time + first_step + t) * stride;
      for (int n = 0; n < tiles * tile; ++n)
        to[(n / tile * steps_max + t) * tile + n % tile] = n < states ? row[n] : T{};
    }
  }
  /// (padded state, channel of the group) to (channel, state) and back.
  void unpack_group(T const* from, T* to) const {
    auto const states = task.shape.states;
    for (int c = 0; c < channels; ++c)
      for (int n = 0; n < states; ++n) to[c * states + n] = from[n * scan_group + c];
  }
  void pack_group(T const* from, T* to) const {
    auto const states = task.shape.states;
    for (int c = 0; c < channels; ++c)
      for (int n = 0; n < states; ++n) to[n * scan_group + c] = from[c * states + n];
  }
  /// The group's part of (channel), zeros after it; all zeros from nullptr.
  void pad(T const* from, T* to) const {
    for (int c = 0; c < scan_group; ++c) to[c] = from && c < channels ? from[task.first_channel + c] : T{};
  }
  /// Where (batch, chunk, channel, state) starts for this chunk and group.
  std::int64_t checkpoint() const {
    auto const& s = task.shape;
    return ((task.batch * scan_chunks(s.time) + first_step / steps_max) * s.channels + task.first_channel) * s.states;
  }
};

}  // namespace
}  // namespace mambasynth::kernels::MAMBASYNTH_LANES
