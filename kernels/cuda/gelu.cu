#include <stdexcept>

#include "kernels/cuda/columns.hpp"
#include "kernels/cuda/gelu.cuh"
#include "kernels/cuda/partial_sums.hpp"
#include "kernels/gelu.hpp"

namespace mambasynth::kernels::cuda {
namespace {

constexpr int wide = 8;  // columns per thread where the rows allow it

void check_gelu(std::int64_t rows, std::int64_t columns) {
  if (rows < 0 || columns < 0 || columns > most_column_tiles * 32)
    throw std::invalid_argument("gelu of " + std::to_string(rows) + " rows of " + std::to_string(columns) +
                                " columns is impossible (0 and more; at most 2 million columns). Correct the shape.");
}

ColumnGrid summing_grid(std::int64_t rows, std::int64_t columns, int width) {
  return column_grid(rows, columns, width, device::gelu_threads, 2 * summing_blocks);
}

}  // namespace

template <class T>
void gelu_forward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T* out,
                  Stream stream) {
  check_gelu(rows, columns);
  if (rows == 0 || columns == 0) return;
  auto const launch = [&](auto const& kernel, int width) {
    auto const grid = column_grid(rows, columns, width, device::gelu_threads, 4LL * multiprocessors());
    kernel<<<grid.blocks, grid.threads, 0, stream>>>(rows, columns, native(pre), bias, native(out));
  };
  using Element = std::remove_pointer_t<decltype(native(out))>;
  if (columns % wide == 0 && aligned(pre) && aligned(out)) launch(device::gelu_forward<Element, wide, 2>, wide);
  else launch(device::gelu_forward<Element, 1, 4>, 1);
  check_launch("gelu_forward");
}

std::size_t gelu_workspace_bytes(std::int64_t rows, std::int64_t columns) {
  check_gelu(rows, columns);
  Arena arena(nullptr);
  arena.take<float>(columns * summing_grid(rows, columns, wide).blocks.x);
  Arena narrow(nullptr);
  narrow.take<float>(columns * summing_grid(rows, columns, 1).blocks.x);
  return std::max(arena.used(), narrow.used());
}

template <class T>
void gelu_backward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T const* dout,
                   T* dpre, Parameter<T>* dbias, std::byte* workspace, Stream stream) {
  check_gelu(rows, columns);
  if (columns == 0) return;
  Arena arena(workspace);
  auto const launch = [&](auto const& kernel, int width) {
    auto const grid = summing_grid(rows, columns, width);
    auto* const partial = arena.take<float>(columns * grid.blocks.x);
    kernel<<<grid.blocks, grid.threads, 0, stream>>>(rows, columns, native(pre), bias, native(dout), native(dpre),
                                                     partial);
    check_launch("gelu_backward");
    sum_partials(grid.blocks.x, columns, partial, {{dbias}, {columns, columns, columns}}, stream);
  };
  using Element = std::remove_pointer_t<decltype(native(dpre))>;
  if (columns % wide == 0 && aligned(pre) && aligned(dout) && aligned(dpre))
    launch(device::gelu_backward<Element, wide, 2>, wide);
  else launch(device::gelu_backward<Element, 1, 4>, 1);
}

template void gelu_forward(std::int64_t, std::int64_t, float const*, float const*, float*, Stream);
template void gelu_forward(std::int64_t, std::int64_t, BFloat16 const*, float const*, BFloat16*, Stream);
template void gelu_backward(std::int64_t, std::int64_t, float const*, float const*, float const*, float*, float*,
                            std::byte*, Stream);
template void gelu_backward(std::int64_t, std::int64_t, BFloat16 const*, float const*, BFloat16 const*, BFloat16*,
                            float*, std::byte*, Stream);

}  // namespace mambasynth::kernels::cuda
