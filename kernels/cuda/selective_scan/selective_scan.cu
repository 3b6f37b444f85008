#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/selective_scan/selective_scan_backward.cuh"
#include "kernels/cuda/selective_scan/selective_scan_forward.cuh"
#include "kernels/cuda/selective_scan/selective_scan_generic.cuh"
#include "kernels/cuda/selective_scan/selective_scan_sums.cuh"
#include "kernels/selective_scan.hpp"

namespace mambasynth::kernels::cuda {
namespace {

/// Limit on the blocks' partial sums of dB and dC: a larger batch is processed in slabs.
constexpr std::int64_t parts_bytes = std::int64_t{128} << 20;

template <class T>
using Native = std::remove_pointer_t<decltype(native(static_cast<T*>(nullptr)))>;

template <class T>
std::int64_t saved_chunks(ScanShape const& s) {
  return ceil_div(s.time, device::scan_save_steps<Native<T>>);
}

void check_sizes(ScanShape const& s) {
  check_scan(s);
  if (s.time > 0x7fffffff - 64 || s.channels > 0x7fffffff - 64 || s.batch * s.channels > 0x7fffffff)
    throw std::invalid_argument(
        "selective scan of more than 2^31 steps, or sequences times channels, on the GPU. Split the batch.");
}

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
      throw std::invalid_argument(
          "selective scan of " + std::to_string(states) +
          " states on the GPU is impossible (supported: 4, 8, 16, 32, 64 and 128). Choose one of them for d_state.");
  }
}

template <class T>
device::ScanArgs<Native<T>> arguments(ScanShape const& s, ScanInputs<T> const& in) {
  return {static_cast<int>(s.time),
          static_cast<int>(s.channels),
          static_cast<int>(saved_chunks<T>(s)),
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
          nullptr};
}

/// Whether rows begin at multiples of 16 bytes, as the fast kernels require.
bool aligned(void const* rows, std::int64_t stride) {
  return reinterpret_cast<std::uintptr_t>(rows) % 16 == 0 && stride % 8 == 0;
}
/// How the backward splits its work, and where its sums are.
struct Plan {
  std::int64_t groups, slab;
  std::size_t bytes;
  float *state_parts, *parameter_parts;
};
template <class T, int states>
Plan plan(ScanShape const& s, std::byte* workspace,
          int block_channels = device::GenericScan<Native<T>, states>::channels,
          std::int64_t part_bytes = sizeof(float)) {
  Plan p{};
  p.groups = ceil_div(s.channels, block_channels);
  auto const elements = [&](std::int64_t groups) { return std::max<std::int64_t>(1, groups * s.time * 2 * states); };
  auto const per_sequence = elements(p.groups), batch = std::max<std::int64_t>(1, s.batch), bound = parts_bytes / 4;
  p.slab = std::clamp<std::int64_t>(parts_bytes / part_bytes / per_sequence, 1, batch);
  // Enough for any of the kernels: the generic one has the smallest blocks.
  auto const largest = elements(ceil_div(s.channels, device::GenericScan<Native<T>, states>::channels));
  Arena arena(workspace);
  p.parameter_parts = arena.take<float>(s.batch * s.channels * (states + 2));
  p.state_parts = arena.take<float>(std::min(batch * largest, std::max(bound, largest)));
  p.bytes = arena.used();
  return p;
}

/// The fast forward with the lanes of S, if it supports these arrays.
template <class S>
bool fast_forward(ScanShape const& s, device::ScanArgs<__nv_bfloat16> const& args, Stream stream) {
  auto const few = [](std::int64_t stride) { return stride < std::int64_t{1} << 30; };
  bool const fits = s.time > 0 && s.channels % S::channels == 0 && aligned(args.x, args.x_stride) &&
                    aligned(args.delta, args.delta_stride) && aligned(args.z, args.z_stride) &&
                    aligned(args.B, args.B_stride) && aligned(args.C, args.C_stride) && aligned(args.A, 0) &&
                    aligned(args.out, 0) && few(args.x_stride) && few(args.delta_stride) && few(args.z_stride);
  if (!fits) return false;
  device::scan_forward_bf16<S>
      <<<static_cast<unsigned>(s.batch * s.channels / S::channels), S::threads, 0, stream>>>(args);
  check_launch("selective scan, forward");
  return true;
}
/// As few lanes per channel as fill the GPU, but at most 32 states per lane.
template <int states>
bool fastest_forward(ScanShape const& s, device::ScanArgs<__nv_bfloat16> const& args, Stream stream) {
  auto const wanted = ceil_div(std::int64_t{multiprocessors()} * 192, std::max<std::int64_t>(1, s.batch * s.channels));
  bool done = false;
  auto const attempt = [&](auto lanes, bool enough) {
    if constexpr (states >= 8 * lanes && states <= 32 * lanes)
      done = done || (enough && fast_forward<device::ForwardScan<states, lanes>>(s, args, stream));
  };
  attempt(std::integral_constant<int, 1>{}, wanted <= 1 || states < 16);
  attempt(std::integral_constant<int, 2>{}, wanted <= 2 || states < 32);
  attempt(std::integral_constant<int, 4>{}, wanted <= 4 || states < 64);
  attempt(std::integral_constant<int, 8>{}, true);
  return done;
}

/// The backward's launches, slab by slab. Launch: (slab, arguments).
template <class T, class Part, int states, class Launch>
void slabs(ScanShape const& s, Plan const& p, device::ScanArgs<Native<T>> const& args,
           ScanGradients<T> const& gradients, Stream stream, Launch const& launch) {
  for (std::int64_t first = 0; first < s.batch; first += p.slab) {
    auto const slab = std::min(p.slab, s.batch - first);
    launch(static_cast<unsigned>(slab * p.groups), args,
           device::ScanGradientArgs<Native<T>>{native(gradients.dout), native(gradients.dx), native(gradients.ddelta),
                                               native(gradients.dz), gradients.dz_stride, p.state_parts,
                                               p.parameter_parts, first, slab});
    check_launch("selective scan, backward");
    auto const rows = slab * s.time;
    if (rows == 0) continue;
    device::scan_sum_states<Native<T>, Part, states>
        <<<static_cast<unsigned>(ceil_div(rows * states, 256)), 256, 0, stream>>>(
            static_cast<int>(p.groups), rows, first * s.time, reinterpret_cast<Part const*>(p.state_parts),
            native(gradients.dB), gradients.dB_stride, native(gradients.dC), gradients.dC_stride);
    check_launch("selective scan, sums of dB and dC");
  }
}

/// Shared memory available to a block of the current device.
int shared_memory_of_a_block() {
  int device = 0, bytes = 0;
  check(cudaGetDevice(&device), "querying the current GPU");
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
        "querying the GPU's shared memory");
  return bytes;
}

/// The fast backward with the blocks of S, if it supports these arrays.
template <class S>
bool fast_backward(ScanShape const& s, ScanInputs<BFloat16> const& in, device::ScanArgs<__nv_bfloat16> const& args,
                   ScanGradients<BFloat16> const& gradients, std::byte* workspace, Stream stream) {
  bool const fits = s.time > 0 && s.channels % S::channels == 0 && aligned(in.x, in.x_stride) &&
                    aligned(in.delta, in.delta_stride) && aligned(in.z, in.z_stride) && aligned(in.B, in.B_stride) &&
                    aligned(in.C, in.C_stride) && aligned(in.A, 0) && aligned(in.D, 0) && aligned(in.delta_bias, 0) &&
                    aligned(gradients.dout, 0) && aligned(gradients.dx, 0) && aligned(gradients.ddelta, 0) &&
                    aligned(gradients.dz, gradients.dz_stride);
  if (!fits || S::shared_bytes > shared_memory_of_a_block()) return false;
  void (*const kernel)(device::ScanArgs<__nv_bfloat16>, device::ScanGradientArgs<__nv_bfloat16>) =
      device::scan_backward_bf16<S>;
  allow_shared_memory(reinterpret_cast<void const*>(kernel), S::shared_bytes, "selective scan, backward");
  slabs<BFloat16, __nv_bfloat16, S::states>(
      s, plan<BFloat16, S::states>(s, workspace, S::channels, sizeof(__nv_bfloat16)), args, gradients, stream,
      [&](unsigned blocks, auto const& a, auto const& g) {
        kernel<<<blocks, S::threads, S::shared_bytes, stream>>>(a, g);
      });
  return true;
}

}  // namespace

template <class T>
std::size_t scan_saved_bytes(ScanShape const& s) {
  check_sizes(s);
  return static_cast<std::size_t>(s.batch * saved_chunks<T>(s) * s.channels * s.states) * sizeof(T);
}

template <class T>
std::size_t scan_workspace_bytes(ScanShape const& s) {
  check_sizes(s);
  std::size_t bytes = 0;
  for_states(s.states, [&](auto states) { bytes = plan<T, states()>(s, nullptr).bytes; });
  return bytes;
}

template <class T>
void selective_scan_forward(ScanShape const& s, ScanInputs<T> const& in, T* out, std::byte* saved, float* last_state,
                            Stream stream) {
  check_sizes(s);
  auto args = arguments(s, in);
  args.out = native(out);
  args.saved = native(reinterpret_cast<T*>(saved));
  args.last_state = last_state;
  for_states(s.states, [&](auto states) {
    using G = device::GenericScan<Native<T>, states()>;
    auto const blocks = s.batch * ceil_div(s.channels, G::channels);
    if (blocks == 0) return;
    if constexpr (std::is_same_v<T, BFloat16>)
      if (fastest_forward<states()>(s, args, stream)) return;
    device::scan_forward_generic<Native<T>, states()><<<static_cast<unsigned>(blocks), G::threads, 0, stream>>>(args);
    check_launch("selective scan, forward");
  });
}

template <class T>
void selective_scan_backward(ScanShape const& s, ScanInputs<T> const& in, std::byte const* saved,
                             ScanGradients<T> const& gradients, std::byte* workspace, Stream stream) {
  check_sizes(s);
  auto args = arguments(s, in);
  args.saved = native(reinterpret_cast<T*>(const_cast<std::byte*>(saved)));  // only read
  for_states(s.states, [&](auto states) {
    using G = device::GenericScan<Native<T>, states()>;
    if (s.channels == 0) return;
    auto const p = plan<T, states()>(s, workspace);
    bool done = false;
    if constexpr (std::is_same_v<T, BFloat16> && states() >= 16) {
      // Fastest first: warps, tiles of channels and of states per warp, blocks per multiprocessor. One tile per warp
      // where two would leave schedulers idle; eight warps need more shared memory than sm_120 has.
      auto const attempt = [&](auto shape) {
        done = done || fast_backward<decltype(shape)>(s, in, args, gradients, workspace, stream);
      };
      bool const many = s.batch * s.channels * s.states > std::int64_t{multiprocessors()} * 4 * 512;
      if constexpr (states() == 32) {
        if (many) attempt(device::BackwardScan<32, 4, 1, 2, 2>{});
      } else if constexpr (states() == 64) {
        if (many) attempt(device::BackwardScan<64, 8, 1, 2, 1>{});
      } else if constexpr (states() == 128) {
        attempt(device::BackwardScan<128, 8, 1, 2, 1>{});
      }
      if constexpr (states() <= 64) attempt(device::BackwardScan<states(), 4, 1, 1, 2>{});
    }
    if (!done)
      slabs<T, float, states()>(s, p, args, gradients, stream, [&](unsigned blocks, auto const& a, auto const& g) {
        device::scan_backward_generic<Native<T>, states()><<<blocks, G::threads, 0, stream>>>(a, g);
      });
    device::scan_sum_parameters<states()>
        <<<static_cast<unsigned>(ceil_div(s.channels * (states() + 2), 32)), dim3(32, 8), 0, stream>>>(
            s.batch, s.channels, p.parameter_parts, gradients.dA, gradients.dD, gradients.ddelta_bias);
    check_launch("selective scan, sums of dA, dD and ddelta_bias");
  });
}

#define MAMBASYNTH_INSTANTIATE(T)                                                                               \
  template std::size_t scan_saved_bytes<T>(ScanShape const&);                                                   \
  template std::size_t scan_workspace_bytes<T>(ScanShape const&);                                               \
  template void selective_scan_forward(ScanShape const&, ScanInputs<T> const&, T*, std::byte*, float*, Stream); \
  template void selective_scan_backward(ScanShape const&, ScanInputs<T> const&, std::byte const*,               \
                                        ScanGradients<T> const&, std::byte*, Stream);
MAMBASYNTH_INSTANTIATE(float)
MAMBASYNTH_INSTANTIATE(BFloat16)

}  // namespace mambasynth::kernels::cuda
