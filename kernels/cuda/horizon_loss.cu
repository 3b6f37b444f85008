#include <limits>
#include <stdexcept>

#include "kernels/cuda/columns.hpp"
#include "kernels/cuda/horizon_loss.cuh"
#include "kernels/horizon_loss.hpp"

namespace mambasynth::kernels::cuda {
namespace {

void check_loss(LossShape const& s) {
  auto const most = std::numeric_limits<int>::max() / 2;
  if (s.batch < 0 || s.batch > 65535 || s.time < 0 || s.channels < 1 || s.width < s.channels || s.width > most ||
      s.horizon < 0)
    throw std::invalid_argument(
        "loss over " + std::to_string(s.batch) + " windows of " + std::to_string(s.time) + " steps, " +
        std::to_string(s.channels) + " channels in rows of " + std::to_string(s.width) + ", horizon " +
        std::to_string(s.horizon) +
        ", is impossible (at most 65,535 windows; rows no shorter than the channels). Correct the shape.");
}

// Parts of a window: short enough to fill the GPU, few enough for the second pass.
std::int64_t steps_of_part(LossShape const& s) { return std::max<std::int64_t>(64, ceil_div(s.batch * s.time, 512)); }
std::int64_t parts_of(LossShape const& s) { return std::max<std::int64_t>(1, ceil_div(s.time, steps_of_part(s))); }

}  // namespace

std::size_t horizon_loss_workspace_bytes(LossShape const& s) {
  check_loss(s);
  auto const rows = most_of_batches(s, [](LossShape const& any) { return any.batch * parts_of(any); });
  Arena arena(nullptr);
  arena.take<double>(rows);
  arena.take<float>(rows * s.channels);
  return arena.used();
}

template <class T>
void horizon_loss(LossShape const& s, double scale, LossArrays<T> const& a, std::byte* workspace, Stream stream) {
  check_loss(s);
  auto const parts = parts_of(s);
  Arena arena(workspace);
  auto* const squares = arena.take<double>(s.batch * parts);
  auto* const column_sums = arena.take<float>(s.batch * parts * s.channels);
  using Element = std::remove_pointer_t<decltype(native(a.dprediction))>;
  if (s.batch > 0) {
    auto const launch = [&](auto const& kernel, std::int64_t columns_of_thread) {
      auto const lanes =
          static_cast<unsigned>(std::min<std::int64_t>(s.width / columns_of_thread, device::loss_threads));
      dim3 const threads(lanes, device::loss_threads / lanes);
      dim3 const grid(static_cast<unsigned>(parts), static_cast<unsigned>(s.batch));
      kernel<<<grid, threads, 0, stream>>>(
          {s.time, s.horizon, static_cast<int>(s.channels), static_cast<int>(s.width), static_cast<float>(scale),
           a.prediction, a.bias, a.x, native(a.dprediction), squares, a.dbias != nullptr ? column_sums : nullptr},
          static_cast<int>(steps_of_part(s)));
    };
    bool const wide =
        s.width % 4 == 0 && s.channels % 4 == 0 && aligned(a.prediction) && aligned(a.x) && aligned(a.dprediction);
    if (wide) launch(device::horizon_loss<Element, 4>, 4);
    else launch(device::horizon_loss<Element, 1>, 1);
    check_launch("horizon_loss");
  }
  auto const window_blocks = static_cast<unsigned>(ceil_div(s.batch, device::sum_rows));
  auto const column_blocks = static_cast<unsigned>(a.dbias != nullptr ? ceil_div(s.channels, device::sum_lanes) : 0);
  if (window_blocks + column_blocks == 0) return;
  device::loss_totals<<<window_blocks + column_blocks, dim3(device::sum_lanes, device::sum_rows), 0, stream>>>(
      s.batch, parts, static_cast<int>(window_blocks), squares, a.window_sum, s.channels, column_sums, a.dbias);
  check_launch("loss_totals");
}

template void horizon_loss(LossShape const&, double, LossArrays<float> const&, std::byte*, Stream);
template void horizon_loss(LossShape const&, double, LossArrays<BFloat16> const&, std::byte*, Stream);

}  // namespace mambasynth::kernels::cuda
