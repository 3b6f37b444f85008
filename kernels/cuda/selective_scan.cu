#include "kernels/selective_scan.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/selective_scan_generic.cuh"
#include "kernels/cuda/selective_scan_sums.cuh"

namespace mambasynth::kernels::cuda {
namespace {

/// Bound of the blocks' sums of dB and dC: a larger batch is done slab by slab.
constexpr std::int64_t parts_bytes = std::int64_t{256} << 20;

std::int64_t saved_chunks(ScanShape const& s) { return ceil_div(s.time, device::scan_save_steps); }

void check_sizes(ScanShape const& s) {
  check_scan(s);
  if (s.time > 0x7fffffff - 64 || s.channels > 0x7fffffff - 64 || s.batch * s.channels > 0x7fffffff)
    throw std::invalid_argument("selective scan of more than 2^31 steps or sequences times channels on the GPU. Split the batch.");
}

/// Calls with_states with the number of states as a constant.
template <class Call>
void for_states(std::int64_t states, Call const& call) {
  switch (states) {
    case 4: return call(std::integral_constant<int, 4>{});
    case 8: return call(std::integral_constant<int, 8>{});
    case 16: return call(std::integral_constant<int, 16>{});
    case 32: return call(std::integral_constant<int, 32>{});
    case 64: return call(std::integral_constant<int, 64>{});
    case 128: return call(std::integral_constant<int, 128>{});
    default:
      throw std::invalid_argument("selective scan of " + std::to_string(states) +
                                  " states on the GPU (it has 4, 8, 16, 32, 64 and 128). Choose one of them for d_state.");
  }
}

template <class T>
auto arguments(ScanShape const& s, ScanInputs<T> const& in) {
  using E = std::remove_const_t<std::remove_pointer_t<decltype(native(in.x))>>;
  return device::ScanArgs<E>{static_cast<int>(s.time), static_cast<int>(s.channels), static_cast<int>(saved_chunks(s)),
                             native(in.x), native(in.delta), native(in.z), native(in.B), native(in.C),
                             in.x_stride, in.delta_stride, in.z_stride, in.B_stride, in.C_stride,
                             in.A, in.D, in.delta_bias, nullptr, nullptr, nullptr};
}

/// How the backward cuts its work, and where its sums lie.
struct Plan {
  std::int64_t groups, slab;
  std::size_t bytes;
  float *state_parts, *parameter_parts;
};
template <int states>
Plan plan(ScanShape const& s, std::byte* workspace) {
  Plan p{};
  p.groups = ceil_div(s.channels, device::GenericScan<states>::channels);
  auto const per_sequence = std::max<std::int64_t>(1, p.groups * s.time * 2 * states);
  p.slab = std::clamp<std::int64_t>(parts_bytes / 4 / per_sequence, 1, std::max<std::int64_t>(1, s.batch));
  Carve carve(workspace);
  p.state_parts = carve.take<float>(p.slab * per_sequence);
  p.parameter_parts = carve.take<float>(s.batch * s.channels * (states + 2));
  p.bytes = carve.used();
  return p;
}

}  // namespace

template <class T>
std::size_t scan_saved_bytes(ScanShape const& s) {
  check_sizes(s);
  return static_cast<std::size_t>(s.batch * saved_chunks(s) * s.channels * s.states) * sizeof(T);
}

template <class T>
std::size_t scan_workspace_bytes(ScanShape const& s) {
  check_sizes(s);
  std::size_t bytes = 0;
  for_states(s.states, [&](auto states) { bytes = plan<states()>(s, nullptr).bytes; });
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
    using G = device::GenericScan<states()>;
    auto const blocks = s.batch * ceil_div(s.channels, G::channels);
    if (blocks == 0) return;
    device::scan_forward_generic<std::remove_pointer_t<decltype(args.out)>, states()>
        <<<static_cast<unsigned>(blocks), G::threads, 0, stream>>>(args);
    check_launch("selective scan, forward");
  });
}

template <class T>
void selective_scan_backward(ScanShape const& s, ScanInputs<T> const& in, std::byte const* saved,
                             ScanGradients<T> const& gradients, std::byte* workspace, Stream stream) {
  check_sizes(s);
  auto args = arguments(s, in);
  using E = std::remove_pointer_t<decltype(args.out)>;
  args.saved = native(reinterpret_cast<T*>(const_cast<std::byte*>(saved)));  // only read
  for_states(s.states, [&](auto states) {
    using G = device::GenericScan<states()>;
    auto const p = plan<states()>(s, workspace);
    if (s.channels == 0) return;
    for (std::int64_t first = 0; first < s.batch; first += p.slab) {
      auto const slab = std::min(p.slab, s.batch - first);
      device::ScanGradientArgs<E> const g{native(gradients.dout), native(gradients.dx), native(gradients.ddelta),
                                          native(gradients.dz), gradients.dz_stride, p.state_parts, p.parameter_parts,
                                          first, slab};
      device::scan_backward_generic<E, states()>
          <<<static_cast<unsigned>(slab * p.groups), G::threads, 0, stream>>>(args, g);
      check_launch("selective scan, backward");
      auto const rows = slab * s.time;
      if (rows == 0) continue;
      device::scan_sum_states<E, states()><<<static_cast<unsigned>(ceil_div(rows * states(), 256)), 256, 0, stream>>>(
          static_cast<int>(p.groups), rows, first * s.time, p.state_parts, native(gradients.dB), gradients.dB_stride,
          native(gradients.dC), gradients.dC_stride);
      check_launch("selective scan, sums of dB and dC");
    }
    device::scan_sum_parameters<states()>
        <<<static_cast<unsigned>(ceil_div(s.channels * (states() + 2), 32)), dim3(32, 8), 0, stream>>>(
            s.batch, s.channels, p.parameter_parts, gradients.dA, gradients.dD, gradients.ddelta_bias);
    check_launch("selective scan, sums of dA, dD and ddelta_bias");
  });
}

#define MAMBASYNTH_INSTANTIATE(T)                                                                                    \
  template std::size_t scan_saved_bytes<T>(ScanShape const&);                                                       \
  template std::size_t scan_workspace_bytes<T>(ScanShape const&);                                                   \
  template void selective_scan_forward(ScanShape const&, ScanInputs<T> const&, T*, std::byte*, float*, Stream);     \
  template void selective_scan_backward(ScanShape const&, ScanInputs<T> const&, std::byte const*, ScanGradients<T> const&, \
                                        std::byte*, Stream);
MAMBASYNTH_INSTANTIATE(float)
MAMBASYNTH_INSTANTIATE(BFloat16)

}  // namespace mambasynth::kernels::cuda
