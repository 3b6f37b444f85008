#include <limits>
#include <stdexcept>

#include "kernels/causal_conv1d.hpp"
#include "kernels/cuda/causal_conv1d.cuh"
#include "kernels/cuda/columns.hpp"
#include "kernels/cuda/partial_sums.hpp"

namespace mambasynth::kernels::cuda {
namespace {

// Channels and taps per thread where rows are aligned.
constexpr int wide = 4, wide_d_conv = 4;
template <class Element>
constexpr auto forward_wide = device::causal_conv1d_forward<Element, wide, wide_d_conv, 8>;
template <class Element>
constexpr auto backward_wide = device::causal_conv1d_backward<Element, wide, wide_d_conv, 4, 4>;
template <class Element>
constexpr auto forward_any = device::causal_conv1d_forward<Element, 1, max_d_conv, 4>;
template <class Element>
constexpr auto backward_any = device::causal_conv1d_backward<Element, 1, max_d_conv, 4, 1>;

struct ConvGrid {
  device::ConvExtent extent;
  dim3 blocks, threads;
};
/// The longest chunks that leave enough warps to hide memory latency: sixteen per multiprocessor of an H100. Depends
/// only on the shape, so that sums are bit-identical on every card.
ConvGrid conv_grid(ConvShape const& s, int width) {
  check_conv(s);
  auto const columns = column_grid(1, s.channels, width, device::conv_threads, 1);
  int chunk = 128;
  auto const tasks = [&] { return s.batch * ceil_div(s.time, chunk); };
  while (chunk > 32 && tasks() * columns.blocks.y * columns.threads.x < 2048 * 32) chunk /= 2;
  auto const blocks = ceil_div(tasks(), columns.threads.y);
  if (columns.blocks.y > most_column_tiles || blocks > 0x7fffffff)
    throw std::invalid_argument("causal convolution of more than 2 million channels or 2^31 blocks of windows");
  auto const whole = [](std::int64_t v) { return static_cast<int>(v); };
  return {{s.batch, whole(s.time), whole(s.channels), whole(s.d_conv), chunk, whole(ceil_div(s.time, chunk))},
          dim3(static_cast<unsigned>(blocks), columns.blocks.y),
          columns.threads};
}

/// Whether rows may be read sixteen bytes at a time.
template <class T>
bool fits_wide(ConvShape const& s, T const* p, std::int64_t stride) {
  return s.d_conv <= wide_d_conv && s.channels % 8 == 0 && stride % 8 == 0 && aligned(p);
}

int checked_stride(ConvShape const& s, std::int64_t stride) {
  if (stride < s.channels)
    throw std::invalid_argument("causal convolution over rows " + std::to_string(stride) + " elements apart, of " +
                                std::to_string(s.channels) +
                                " channels, is impossible (they overlap). Correct the stride.");
  if (s.time * stride > std::numeric_limits<int>::max() / 2)
    throw std::invalid_argument(
        "causal convolution of windows of " + std::to_string(s.time) + " rows " + std::to_string(stride) +
        " elements apart is impossible on the GPU (2^30 elements or more). Use shorter windows.");
  return static_cast<int>(stride);
}

}  // namespace

template <class T>
void causal_conv1d_forward(ConvShape const& s, T const* x, std::int64_t x_stride, Parameter<T> const* weight,
                           Parameter<T> const* bias, T* out, Stream stream) {
  check_conv(s);
  int const stride = checked_stride(s, x_stride);
  if (s.batch == 0 || s.time == 0 || s.channels == 0) return;
  using Element = std::remove_pointer_t<decltype(native(out))>;
  auto const launch = [&](auto const& kernel, int width) {
    auto const grid = conv_grid(s, width);
    kernel<<<grid.blocks, grid.threads, 0, stream>>>(grid.extent, native(x), stride, weight, bias, native(out));
    check_launch("causal_conv1d_forward");
  };
  if (fits_wide(s, x, x_stride) && aligned(out)) launch(forward_wide<Element>, wide);
  else launch(forward_any<Element>, 1);
}

std::size_t conv_workspace_bytes(ConvShape const& s) {
  auto const blocks = most_of_batches(
      s, [](ConvShape const& any) { return std::max(conv_grid(any, wide).blocks.x, conv_grid(any, 1).blocks.x); });
  Arena arena(nullptr);
  arena.take<float>(s.channels * (s.d_conv + 1) * blocks);
  return arena.used();
}

template <class T>
void causal_conv1d_backward(ConvShape const& s, T const* x, std::int64_t x_stride, Parameter<T> const* weight,
                            Parameter<T> const* bias, T const* dout, T* dx, std::int64_t dx_stride,
                            Parameter<T>* dweight, Parameter<T>* dbias, std::byte* workspace, Stream stream) {
  check_conv(s);
  int const stride = checked_stride(s, x_stride), gradient_stride = checked_stride(s, dx_stride);
  if (s.channels == 0) return;
  using Element = std::remove_pointer_t<decltype(native(dx))>;
  Arena arena(workspace);
  auto const columns = s.channels * (s.d_conv + 1);
  auto const launch = [&](auto const& kernel, int width) {
    auto grid = conv_grid(s, width);
    auto* const partial = arena.take<float>(columns * grid.blocks.x);
    if (grid.blocks.x > 0)
      kernel<<<grid.blocks, grid.threads, 0, stream>>>(grid.extent, native(x), stride, weight, bias, native(dout),
                                                       native(dx), gradient_stride, partial);
    check_launch("causal_conv1d_backward");
    sum_partials(grid.blocks.x, columns, partial, {{dweight, dbias}, {s.channels * s.d_conv, columns, columns}},
                 stream);
  };
  if (fits_wide(s, x, x_stride) && fits_wide(s, dx, dx_stride) && aligned(dout)) launch(backward_wide<Element>, wide);
  else launch(backward_any<Element>, 1);
}

template void causal_conv1d_forward(ConvShape const&, float const*, std::int64_t, float const*, float const*, float*,
                                    Stream);
template void causal_conv1d_forward(ConvShape const&, BFloat16 const*, std::int64_t, float const*, float const*,
                                    BFloat16*, Stream);
template void causal_conv1d_backward(ConvShape const&, float const*, std::int64_t, float const*, float const*,
                                     float const*, float*, std::int64_t, float*, float*, std::byte*, Stream);
template void causal_conv1d_backward(ConvShape const&, BFloat16 const*, std::int64_t, float const*, float const*,
                                     BFloat16 const*, BFloat16*, std::int64_t, float*, float*, std::byte*, Stream);

}  // namespace mambasynth::kernels::cuda
