#include <algorithm>
#include <type_traits>

#include "kernels/cuda/selective_scan/selective_scan_backward.cuh"
#include "kernels/cuda/selective_scan/selective_scan_backward_generic.cuh"
#include "kernels/cuda/selective_scan/selective_scan_launch.hpp"
#include "kernels/cuda/selective_scan/selective_scan_sums.cuh"

namespace mambasynth::kernels::cuda {
namespace {
using namespace scan;

// The least shared memory of the GPUs that run these kernels: of a multiprocessor (that of sm_80, among those with more
// than 100 KiB), and of a block (that of sm_120). ptxas checks registers and static shared memory.
constexpr int sm_80_bytes = 164 << 10, sm_120_block_bytes = 99 << 10;

/// Limit on the blocks' partial sums of dB and dC: a larger batch is processed in slabs.
constexpr std::int64_t parts_bytes(int states) { return std::int64_t{states < 64 ? 64 : 128} << 20; }

/// How the backward splits its work, and where its sums are.
struct Plan {
  std::int64_t groups, slab;
  std::size_t bytes;
  float *state_parts, *parameter_parts;
  SegmentScratch segments;
};
/// Of blocks of `channels` whose partial sums of dB and dC take part_bytes for each of `states`.
struct Blocks {
  std::int64_t channels, states, part_bytes;
};
template <class T, int states>
Plan plan(ScanShape const& s, std::byte* workspace, Blocks const& blocks) {
  Plan p{};
  auto const bytes_of_sequence = [&](Blocks const& b) {
    return std::max<std::int64_t>(1, ceil_div(s.channels, b.channels) * s.time * 2 * b.states * b.part_bytes);
  };
  auto const batch = std::max<std::int64_t>(1, s.batch);
  p.groups = ceil_div(s.channels, blocks.channels);
  p.slab = std::clamp<std::int64_t>(parts_bytes(states) / bytes_of_sequence(blocks), 1, batch);
  // Enough for any of the kernels.
  auto const largest = std::max(bytes_of_sequence({device::GenericBackward<Native<T>, states>::channels, states, 4}),
                                bytes_of_sequence({16, std::max(states, 16), 2}));
  Arena arena(workspace);
  p.parameter_parts = arena.take<float>(std::max(s.batch, most_segments(s)) * s.channels * (states + 2));
  p.state_parts = reinterpret_cast<float*>(
      arena.take<std::byte>(std::min(batch * largest, std::max(parts_bytes(states), largest))));
  p.segments = take_segments(arena, s);
  p.bytes = arena.used();
  return p;
}

/// The backward's launches, slab by slab. Launch: (blocks, gradients).
template <class T, class Part, int states, int real, class Launch>
void slabs(ScanShape const& s, Plan const& p, std::int64_t segments, float const* carry, T* out,
           ScanGradients<T> const& gradients, Stream stream, Launch const& launch) {
  for (std::int64_t first = 0; first < s.batch; first += p.slab) {
    auto const slab = std::min(p.slab, s.batch - first);
    launch(static_cast<unsigned>(slab * segments * p.groups),
           device::ScanGradientArgs<Native<T>>{native(gradients.dout), native(gradients.dx), native(gradients.ddelta),
                                               native(gradients.dz), native(out), carry, gradients.dz_stride,
                                               p.state_parts, p.parameter_parts, first, slab});
    check_launch("selective scan, backward");
    auto const rows = slab * s.time;
    if (rows == 0) continue;
    device::scan_sum_states<Native<T>, Part, states, real>
        <<<static_cast<unsigned>(ceil_div(rows * states, 256)), 256, 0, stream>>>(
            static_cast<int>(p.groups), rows, first * s.time, reinterpret_cast<Part const*>(p.state_parts),
            native(gradients.dB), gradients.dB_stride, native(gradients.dC), gradients.dC_stride);
    check_launch("selective scan, sums of dB and dC");
  }
}
template <int states>
void sum_parameters(ScanShape const& s, Plan const& p, std::int64_t segments, float* dA, float* dD, float* ddelta_bias,
                    Stream stream) {
  device::scan_sum_parameters<states>
      <<<static_cast<unsigned>(ceil_div(s.channels * (states + 2), 32)), dim3(32, 8), 0, stream>>>(
          s.batch * segments, s.channels, p.parameter_parts, dA, dD, ddelta_bias);
  check_launch("selective scan, sums of dA, dD and ddelta_bias");
}

template <class S>
bool fits(ScanShape const& s, ScanInputs<BFloat16> const& in, ScanGradients<BFloat16> const& g) {
  constexpr int unit = S::real < 8 ? 8 : 16;
  return in.softplus && s.time > 0 && s.channels % S::channels == 0 && aligned(in.x, in.x_stride) &&
         aligned(in.delta, in.delta_stride) && aligned(in.z, in.z_stride) && aligned(in.B, in.B_stride, unit) &&
         aligned(in.C, in.C_stride, unit) && aligned(in.A, 0) && aligned(in.D, 0) && aligned(in.delta_bias, 0) &&
         aligned(g.dout, 0) && aligned(g.dx, 0) && aligned(g.ddelta, 0) && aligned(g.dz, g.dz_stride) &&
         S::shared_bytes <= shared_memory_of_a_block();
}

/// What one backward works on.
template <class T>
struct Backward {
  ScanShape const& shape;
  ScanInputs<T> const& in;
  device::ScanArgs<Native<T>> args;
  ScanGradients<T> const& gradients;
  T* out;
  std::byte* workspace;
  Stream stream;

  template <class Part, int states, int real>
  void launch(Blocks const& blocks, int threads, std::size_t shared_bytes,
              void (*kernel)(device::ScanArgs<Native<T>>, device::ScanGradientArgs<Native<T>>)) {
    allow_shared_memory(reinterpret_cast<void const*>(kernel), shared_bytes, "selective scan, backward");
    auto const p = plan<T, real>(shape, workspace, blocks);
    auto const split = segments(shape);
    auto const* const carry =
        enter_segments<real, /*reverse=*/true>(shape, split, args, native(gradients.dout), p.segments, stream);
    slabs<T, Part, states, real>(shape, p, split.count, carry, out, gradients, stream,
                                 [&](unsigned count, device::ScanGradientArgs<Native<T>> const& g) {
                                   if (count > 0) kernel<<<count, threads, shared_bytes, stream>>>(args, g);
                                 });
    sum_parameters<real>(shape, p, split.count, gradients.dA, gradients.dD, gradients.ddelta_bias, stream);
  }
  template <class S>
  void tiles() {
    launch<__nv_bfloat16, S::states, S::real>({S::channels, S::states, sizeof(__nv_bfloat16)}, S::threads,
                                              S::shared_bytes, device::scan_backward_bf16<S>);
  }
  template <int states>
  void generic() {
    using G = device::GenericBackward<Native<T>, states>;
    static_assert(sizeof(typename G::Shared) <= sm_120_block_bytes);
    launch<float, states, states>({G::channels, states, sizeof(float)}, G::threads, sizeof(typename G::Shared),
                                  device::scan_backward_generic<G>);
  }
};

/// Shared memory of as many blocks at once as the registers are meant for. Each takes 1 KiB in addition to its own.
template <class S>
constexpr int bytes_at_once = S::blocks * (S::shared_bytes + (1 << 10));

/// Calls with the tiles to use, if any fit. Fastest first: warps, tiles of channels and of states per warp, blocks per
/// multiprocessor. One tile per warp where two would leave schedulers idle, as they also do where a multiprocessor has
/// room for half of their blocks (sm_80). Eight warps need more shared memory than sm_80 and sm_120 have.
template <int states, class Call>
bool with_tiles(ScanShape const& s, ScanInputs<BFloat16> const& in, ScanGradients<BFloat16> const& g,
                Call const& call) {
  auto const attempt = [&](auto shape) {
    if (!fits<decltype(shape)>(s, in, g)) return false;
    call(shape);
    return true;
  };
  bool const many = s.batch * segments(s).count * s.channels * s.states > std::int64_t{multiprocessors()} * 4 * 512;
  if constexpr (states == 128) {
    return attempt(device::BackwardScan<128, 8, 1, 2, 1>{});
  } else {
    using OneTile = device::BackwardScan<std::max(states, 16), 4, 1, 1, 2, states>;
    static_assert(bytes_at_once<OneTile> <= sm_80_bytes && OneTile::shared_bytes <= sm_120_block_bytes);
    if constexpr (states >= 32) {
      using TwoTiles = device::BackwardScan<states, states / 8, 1, 2, states == 32 ? 2 : 1>;
      int const bytes = shared_memory_of_a_multiprocessor();
      bool const room = bytes_at_once<TwoTiles> <= bytes || bytes_at_once<OneTile> > bytes;
      if (many && room && attempt(TwoTiles{})) return true;
    }
    return attempt(OneTile{});
  }
}

}  // namespace

template <class T>
std::size_t scan_workspace_bytes(ScanShape const& s) {
  check_sizes(s);
  std::size_t bytes = 0;
  for_states(s.states, [&](auto states) {
    bytes = plan<T, states()>(s, nullptr, {device::GenericBackward<Native<T>, states()>::channels, states(), 4}).bytes;
  });
  return bytes;
}

template <class T>
bool scan_backward_takes([[maybe_unused]] DeltaFactors<T> const& f, [[maybe_unused]] ScanShape const& s,
                         [[maybe_unused]] ScanInputs<T> const& in, [[maybe_unused]] ScanGradients<T> const& gradients) {
  bool takes = false;
  if constexpr (std::is_same_v<T, BFloat16>)
    if (f.rank == 8 && segments(s).count == 1 && aligned(f.dt, f.dt_stride) && aligned(f.weight, 0))
      for_states(s.states, [&](auto states) { takes = with_tiles<states()>(s, in, gradients, [](auto) {}); });
  return takes;
}

template <class T>
void selective_scan_backward(ScanShape const& s, ScanInputs<T> const& in, std::byte const* saved,
                             ScanGradients<T> const& gradients, std::byte* workspace, Stream stream, T* out,
                             DeltaFactors<T> const* factors) {
  check_sizes(s);
  Backward<T> b{s, in, arguments(s, in), gradients, out, workspace, stream};
  if (factors != nullptr)
    b.args.dt = native(factors->dt), b.args.dt_weight = native(factors->weight), b.args.dt_stride = factors->dt_stride;
  b.args.saved = native(reinterpret_cast<T*>(const_cast<std::byte*>(saved)));  // only read
  for_states(s.states, [&](auto states) {
    if (s.channels == 0) return;
    if constexpr (std::is_same_v<T, BFloat16>)
      if (with_tiles<states()>(s, in, gradients, [&](auto shape) { b.template tiles<decltype(shape)>(); })) return;
    b.template generic<states()>();
  });
}

#define MAMBASYNTH_INSTANTIATE(T)                                                                   \
  template std::size_t scan_workspace_bytes<T>(ScanShape const&);                                   \
  template bool scan_backward_takes(DeltaFactors<T> const&, ScanShape const&, ScanInputs<T> const&, \
                                    ScanGradients<T> const&);                                       \
  template void selective_scan_backward(ScanShape const&, ScanInputs<T> const&, std::byte const*,   \
                                        ScanGradients<T> const&, std::byte*, Stream, T*, DeltaFactors<T> const*);
MAMBASYNTH_INSTANTIATE(float)
MAMBASYNTH_INSTANTIATE(BFloat16)

}  // namespace mambasynth::kernels::cuda
