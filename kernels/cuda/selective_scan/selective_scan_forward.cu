#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "kernels/cuda/selective_scan/selective_scan_forward.cuh"
#include "kernels/cuda/selective_scan/selective_scan_forward_generic.cuh"
#include "kernels/cuda/selective_scan/selective_scan_launch.hpp"

namespace mambasynth::kernels::cuda {
namespace scan {

void check_sizes(ScanShape const& s) {
  check_scan(s);
  if (s.time > 0x7fffffff - 64 || s.channels > 0x7fffffff - 64 || s.batch * s.channels > 0x7fffffff)
    throw std::invalid_argument(
        "selective scan of more than 2^31 steps, or sequences times channels, on the GPU. Split the batch.");
}

void refuse_states(std::int64_t states) {
  throw std::invalid_argument("selective scan of " + std::to_string(states) +
                              " states on the GPU is impossible (supported: 4, 8, 16, 32, 64 and 128). Choose one of "
                              "them for d_state.");
}

namespace {

// Constants, so that sums are the same on every card; measured on an H200 (NOTES.md).
constexpr std::int64_t shortest = 64, worthwhile = 8, states_of_gpu = 132 * 4096;

/// Sequences that fill the GPU.
std::int64_t filling(ScanShape const& s) {
  return states_of_gpu / std::max<std::int64_t>(1, s.channels * std::max<std::int64_t>(s.states, 16));
}

}  // namespace

Segments segments(ScanShape const& s) {
  auto const count = std::min(filling(s) / std::max<std::int64_t>(1, s.batch), s.time / shortest);
  if (count < worthwhile) return whole(s);
  auto const steps = ceil_div(ceil_div(s.time, count), 16) * 16;
  return {ceil_div(s.time, steps), steps};
}

std::int64_t most_segments(ScanShape s) {
  s.batch = std::min(s.batch, filling(s) / worthwhile);  // larger ones are not split
  return most_of_batches(s, [](ScanShape const& b) {
    auto const split = segments(b);
    return split.count > 1 ? b.batch * split.count : 0;
  });
}

SegmentScratch take_segments(Arena& arena, ScanShape const& s) {
  auto const rows = s.channels * most_segments(s);
  return {arena.take<float>(rows * s.states), arena.take<float>(rows)};
}

}  // namespace scan

namespace {
using namespace scan;

/// Whether the fast forward supports these arrays.
template <class S>
bool fits(ScanShape const& s, device::ScanArgs<typename S::T> const& args) {
  auto const few = [](std::int64_t stride) { return stride < std::int64_t{1} << 29; };
  constexpr int unit = S::unit * S::element;
  return args.softplus && s.time > 0 && s.channels % S::channels == 0 && aligned(args.x, args.x_stride) &&
         aligned(args.delta, args.delta_stride) && aligned(args.z, args.z_stride) &&
         aligned(args.B, args.B_stride, unit) && aligned(args.C, args.C_stride, unit) && aligned(args.A, 0) &&
         aligned(args.out, 0) && few(args.x_stride) && few(args.delta_stride) && few(args.z_stride);
}

/// The fast forward with the lanes of S, if it supports these arrays.
template <class S>
bool fast_forward(ScanShape const& s, device::ScanArgs<typename S::T> args, SegmentScratch const* scratch,
                  Stream stream) {
  if (!fits<S>(s, args)) return false;
  auto const split = scratch != nullptr ? segments(s) : whole(s);
  if (split.count > 1)
    args.initial = enter_segments<S::real, /*reverse=*/false>(s, split, args, args.x, *scratch, stream);
  device::scan_forward<S>
      <<<static_cast<unsigned>(s.batch * split.count * s.channels / S::channels), S::threads, 0, stream>>>(args);
  check_launch("selective scan, forward");
  return true;
}
/// As few lanes per channel as fill the GPU, but at most 32 states per lane.
template <class T, int real>
bool fastest_forward(ScanShape const& s, device::ScanArgs<T> const& args, SegmentScratch const* scratch,
                     Stream stream) {
  constexpr int states = real < 8 ? 8 : real;
  auto const sequences = s.batch * (scratch != nullptr ? segments(s).count : 1);
  auto const wanted =
      ceil_div(std::int64_t{multiprocessors()} * 192, std::max<std::int64_t>(1, sequences * s.channels));
  bool done = false;
  auto const attempt = [&](auto lanes, bool enough) {
    if constexpr (states >= 8 * lanes && states <= 32 * lanes)
      done = done || (enough && fast_forward<device::ForwardScan<T, states, lanes, real>>(s, args, scratch, stream));
  };
  attempt(std::integral_constant<int, 1>{}, wanted <= 1 || states < 16);
  attempt(std::integral_constant<int, 2>{}, wanted <= 2 || states < 32);
  attempt(std::integral_constant<int, 4>{}, wanted <= 4 || states < 64);
  attempt(std::integral_constant<int, 8>{}, true);
  return done;
}

}  // namespace

template <class T>
std::size_t scan_saved_bytes(ScanShape const& s) {
  check_sizes(s);
  return static_cast<std::size_t>(s.batch * saved_chunks<T>(s) * s.channels *
                                  device::saved_states(static_cast<int>(s.states))) *
         sizeof(T);
}

template <class T>
std::size_t scan_forward_workspace_bytes(ScanShape const& s) {
  check_sizes(s);
  Arena arena(nullptr);
  take_segments(arena, s);
  return arena.used();
}

template <class T>
void selective_scan_forward(ScanShape const& s, ScanInputs<T> const& in, T* out, std::byte* saved, float* last_state,
                            Stream stream, std::byte* workspace) {
  check_sizes(s);
  auto args = arguments(s, in);
  args.out = native(out);
  args.saved = native(reinterpret_cast<T*>(saved));
  args.last_state = last_state;
  Arena arena(workspace);
  SegmentScratch scratch{};
  if (workspace != nullptr) scratch = take_segments(arena, s);
  for_states(s.states, [&](auto states) {
    using G = device::GenericScan<Native<T>, states()>;
    auto const blocks = s.batch * ceil_div(s.channels, G::channels);
    if (blocks == 0) return;
    if (fastest_forward<Native<T>, states()>(s, args, workspace != nullptr ? &scratch : nullptr, stream)) return;
    device::scan_forward_generic<Native<T>, states()><<<static_cast<unsigned>(blocks), G::threads, 0, stream>>>(args);
    check_launch("selective scan, forward");
  });
}

#define MAMBASYNTH_INSTANTIATE(T)                                                                              \
  template std::size_t scan_saved_bytes<T>(ScanShape const&);                                                  \
  template std::size_t scan_forward_workspace_bytes<T>(ScanShape const&);                                      \
  template void selective_scan_forward(ScanShape const&, ScanInputs<T> const&, T*, std::byte*, float*, Stream, \
                                       std::byte*);
MAMBASYNTH_INSTANTIATE(float)
MAMBASYNTH_INSTANTIATE(BFloat16)

}  // namespace mambasynth::kernels::cuda
