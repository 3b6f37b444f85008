#include <limits>
#include <stdexcept>

#include "kernels/cuda/columns.hpp"
#include "kernels/cuda/slowness.cuh"
#include "kernels/slowness.hpp"

namespace mambasynth::kernels::cuda {
namespace {

void check_slowness(SlownessShape const& s) {
  if (s.batch < 0 || s.batch > 65535 || s.time < 0 || s.features < 1 ||
      s.features > std::numeric_limits<int>::max() / 2)
    throw std::invalid_argument("slowness of " + std::to_string(s.batch) + " windows of " + std::to_string(s.time) +
                                " steps and " + std::to_string(s.features) +
                                " features is impossible (at most 65,535 windows). Correct the shape.");
}

struct Grid {
  dim3 blocks, threads;
};
Grid grid_of(SlownessShape const& s, int columns_of_thread) {
  auto const lanes =
      static_cast<unsigned>(std::min<std::int64_t>(ceil_div(s.features, columns_of_thread), device::slowness_threads));
  unsigned const runs = device::slowness_threads / lanes;
  return {dim3(static_cast<unsigned>(ceil_div(s.time, runs * device::slowness_steps)), static_cast<unsigned>(s.batch)),
          dim3(lanes, runs)};
}

}  // namespace

std::size_t slowness_workspace_bytes(SlownessShape const& s) {
  check_slowness(s);
  Arena arena(nullptr);
  // One column per thread gives the fewest runs per block, and so the most parts.
  arena.take<double>(s.batch * grid_of(s, 1).blocks.x);
  return arena.used();
}

template <class T>
void slowness(SlownessShape const& s, double weight, SlownessArrays<T> const& a, std::byte* workspace, Stream stream) {
  check_slowness(s);
  if (s.batch == 0 || s.time == 0) return;
  Arena arena(workspace);
  using Element = std::remove_pointer_t<decltype(native(a.dh))>;
  auto const launch = [&](auto const& kernel, int columns_of_thread) {
    auto const grid = grid_of(s, columns_of_thread);
    auto* const squares = arena.take<double>(s.batch * grid.blocks.x);
    kernel<<<grid.blocks, grid.threads, 0, stream>>>(
        {s.time, static_cast<int>(s.features), static_cast<float>(2 * weight), native(a.h), native(a.dh), squares});
    check_launch("slowness");
    device::slowness_totals<>
        <<<static_cast<unsigned>(ceil_div(s.batch, device::slowness_threads)), device::slowness_threads, 0, stream>>>(
            s.batch, static_cast<int>(grid.blocks.x), squares, a.window_sum);
    check_launch("slowness_totals");
  };
  if (s.features % 4 == 0 && aligned(a.h) && aligned(a.dh)) launch(device::slowness<Element, 4>, 4);
  else launch(device::slowness<Element, 1>, 1);
}

template void slowness(SlownessShape const&, double, SlownessArrays<float> const&, std::byte*, Stream);
template void slowness(SlownessShape const&, double, SlownessArrays<BFloat16> const&, std::byte*, Stream);

}  // namespace mambasynth::kernels::cuda
