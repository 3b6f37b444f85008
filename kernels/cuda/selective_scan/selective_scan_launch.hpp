#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/selective_scan/selective_scan_segments.cuh"
#include "kernels/selective_scan.hpp"

// What the launchers of the forward and the backward share.
namespace mambasynth::kernels::cuda::scan {

template <class T>
using Native = std::remove_pointer_t<decltype(native(static_cast<T*>(nullptr)))>;

void check_sizes(ScanShape const& s);
[[noreturn]] void refuse_states(std::int64_t states);

/// Calls with_states with the number of states as a compile-time constant.
template <class Call>
void for_states(std::int64_t states, Call const& call) {
  switch (states) {
    case 4:
      return call(std::integral_constant<int, 4>{});
    case 8:
      return call(std::integral_constant<int, 8>{});
    case 16:
      return call(std::integral_constant<int, 16>{});
    case 32:
      return call(std::integral_constant<int, 32>{});
    case 64:
      return call(std::integral_constant<int, 64>{});
    case 128:
      return call(std::integral_constant<int, 128>{});
    default:
      refuse_states(states);
  }
}

template <class T>
std::int64_t saved_chunks(ScanShape const& s) {
  return ceil_div(s.time, device::scan_save_steps<Native<T>>);
}

/// How each sequence is split. steps: of a segment, a multiple of 16.
struct Segments {
  std::int64_t count, steps;
};
inline constexpr Segments whole(ScanShape const& s) { return {1, s.time}; }
/// As many segments as fill the GPU, unless they are too few to pay for the two additional kernels (NOTES.md).
Segments segments(ScanShape const& s);
/// Of this batch or any smaller one that is split; 0 if none is.
std::int64_t most_segments(ScanShape s);

/// The arrays of selective_scan_segments.cuh.
struct SegmentScratch {
  float *ends, *deltas;
};
/// Takes enough for this batch and any smaller one.
SegmentScratch take_segments(Arena& arena, ScanShape const& s);

template <class T>
device::ScanArgs<Native<T>> arguments(ScanShape const& s, ScanInputs<T> const& in) {
  return {static_cast<int>(s.time),
          static_cast<int>(s.channels),
          static_cast<int>(saved_chunks<T>(s)),
          1,
          static_cast<int>(s.time),
          nullptr,
          native(in.x),
          native(in.delta),
          native(in.z),
          native(in.B),
          native(in.C),
          in.x_stride,
          in.delta_stride,
          in.z_stride,
          in.B_stride,
          in.C_stride,
          in.A,
          in.D,
          in.delta_bias,
          nullptr,
          nullptr,
          0,
          nullptr,
          nullptr,
          nullptr,
          in.softplus};
}

/// Whether rows of T begin at multiples of `bytes`.
template <class T>
bool aligned(T const* rows, std::int64_t stride, int bytes = 16) {
  return reinterpret_cast<std::uintptr_t>(rows) % bytes == 0 && stride * sizeof(T) % bytes == 0;
}

/// Sets `args` up for segments, and launches the kernels that find what enters each: states, or in reverse carries from
/// `dout`. Returns where these are; nullptr if nothing is split.
template <int states, bool reverse, class T>
float const* enter_segments(ScanShape const& s, Segments const& split, device::ScanArgs<T>& args, T const* dout,
                            SegmentScratch const& scratch, Stream stream) {
  if (split.count <= 1) return nullptr;
  args.segments = static_cast<int>(split.count);
  args.segment_steps = static_cast<int>(split.steps);
  using S = device::SegmentScan<states>;
  device::scan_segment_ends<T, S, reverse>
      <<<static_cast<unsigned>(s.batch * split.count * ceil_div(s.channels, S::channels)), S::threads, 0, stream>>>(
          args, reverse ? dout : args.x, reverse ? s.channels : args.x_stride, scratch.ends, scratch.deltas);
  check_launch("selective scan, ends of segments");
  device::scan_join_segments<states, reverse>
      <<<static_cast<unsigned>(ceil_div(s.batch * s.channels * states, 128)), 128, 0, stream>>>(
          s.batch, static_cast<int>(s.channels), args.segments, args.A, scratch.deltas, scratch.ends);
  check_launch("selective scan, joining segments");
  return scratch.ends;
}

}  // namespace mambasynth::kernels::cuda::scan
