#include <limits>
#include <stdexcept>

#include "kernels/cuda/columns.hpp"
#include "kernels/cuda/partial_sums.hpp"
#include "kernels/cuda/residual_norm_any.cuh"
#include "kernels/philox.hpp"
#include "kernels/residual_norm.hpp"

namespace mambasynth::kernels::cuda {
namespace {

static_assert(device::norm_eps == norm_epsilon && device::philox_rounds == kernels::philox_rounds &&
              device::philox_multiplier_0 == kernels::philox_multiplier_0 &&
              device::philox_multiplier_1 == kernels::philox_multiplier_1 &&
              device::philox_weyl_0 == kernels::philox_weyl_0 && device::philox_weyl_1 == kernels::philox_weyl_1);

constexpr std::int64_t widest = 1024;  // features of the longest row that fits into a warp's registers

void check_norm(NormShape const& s) {
  if (s.samples < 0 || s.steps < 0 || s.features < 1 || s.features > std::numeric_limits<int>::max())
    throw std::invalid_argument(
        "norm of " + std::to_string(s.samples) + " samples of " + std::to_string(s.steps) + " steps of " +
        std::to_string(s.features) +
        " features is impossible (features count from 1, the others from 0). Correct the shape.");
}

device::DropoutArguments dropout_arguments(NormShape const& s, NormDropout const& d) {
  check_dropout(d.p, s.steps * s.features);
  auto const threshold = dropout_threshold(d.p);
  return {threshold > 0,
          static_cast<unsigned>(threshold - 1),
          static_cast<float>(1 / (1 - d.p)),
          d.key.site,
          d.key.seed,
          d.key.step,
          d.first_sample,
          d.state};
}

bool wide_shape(NormShape const& s) {
  return s.features % device::norm_width == 0 && s.features <= widest &&
         s.rows() < std::numeric_limits<std::int32_t>::max();
}
template <class... Pointers>
bool all_aligned(Pointers... p) {
  return (aligned(p) && ...);
}

/// Threads per row, and vectors per thread.
struct Lanes {
  int lanes, vectors;
};
Lanes lanes_of(std::int64_t features) {
  auto const vectors = ceil_div(features, device::norm_width);
  int lanes = 1;
  while (lanes < 32 && lanes < vectors) lanes *= 2;
  return {lanes, static_cast<int>(ceil_div(vectors, lanes))};
}
unsigned blocks_for(std::int64_t rows, int lanes, std::int64_t most) {
  return static_cast<unsigned>(std::clamp<std::int64_t>(ceil_div(rows * lanes, device::norm_threads), 1, most));
}

constexpr std::int64_t run_of_rows = 128;  // rows per thread of norm_column_sums_any

/// Partial sums: the blocks of the fast kernel, or the runs of the generic one.
std::int64_t runs_of(NormShape const& s) { return std::clamp<std::int64_t>(ceil_div(s.rows(), run_of_rows), 1, 4096); }

}  // namespace

template <class T>
void residual_norm_forward(NormShape const& s, NormDropout const& dropout, NormInputs<T> const& in,
                           NormOutputs<T> const& out, Stream stream) {
  check_norm(s);
  auto const mask = dropout_arguments(s, dropout);
  if (s.rows() == 0) return;
  using Element = std::remove_pointer_t<decltype(native(out.h))>;
  device::NormForward<Element> const arguments{s.rows(),
                                               s.steps,
                                               static_cast<int>(s.features),
                                               native(in.branch),
                                               native(in.residual),
                                               in.branch_bias,
                                               in.gamma,
                                               in.beta,
                                               native(out.h),
                                               native(out.u),
                                               out.mean,
                                               out.rstd,
                                               mask};
  if (wide_shape(s) && all_aligned(in.branch, in.residual, out.h, out.u)) {
    auto const [lanes, vectors] = lanes_of(s.features);
    auto const blocks = blocks_for(s.rows(), lanes, 3LL * multiprocessors());
    auto const launch = [&, lanes = lanes](auto const& kernel) {
      kernel<<<blocks, device::norm_threads, 0, stream>>>(arguments, lanes);
    };
    if (vectors == 1) launch(device::residual_norm_forward<Element, 1, 2>);
    else if (vectors == 2) launch(device::residual_norm_forward<Element, 2, 1>);
    else launch(device::residual_norm_forward<Element, 4, 1>);
  } else {
    device::residual_norm_forward_any<<<blocks_for(s.rows(), 32, 8LL * multiprocessors()), device::norm_threads, 0,
                                        stream>>>(arguments);
  }
  check_launch("residual_norm_forward");
}

template <class T>
void norm_recompute(NormShape const& s, T const* h, float const* mean, float const* rstd, Parameter<T> const* gamma,
                    Parameter<T> const* beta, T* u, Stream stream) {
  check_norm(s);
  if (s.rows() == 0) return;
  using Element = std::remove_pointer_t<decltype(native(u))>;
  auto const launch = [&](auto const& kernel, int width) {
    auto const grid = column_grid(s.rows(), s.features, width, device::norm_threads, 4LL * multiprocessors());
    if (grid.blocks.y > most_column_tiles) throw std::invalid_argument("norm of more than 2 million features");
    kernel<<<grid.blocks, grid.threads, 0, stream>>>(s.rows(), s.features, native(h), mean, rstd, gamma, beta,
                                                     native(u));
  };
  if (s.features % device::norm_width == 0 && all_aligned(h, u))
    launch(device::norm_recompute < Element, device::norm_width, sizeof(Element) == 2 ? 4 : 2 >, device::norm_width);
  else launch(device::norm_recompute<Element, 1, 4>, 1);
  check_launch("norm_recompute");
}

std::size_t residual_norm_workspace_bytes(NormShape const& s) {
  check_norm(s);
  Arena arena(nullptr);
  arena.take<float>(3 * s.features * std::max(summing_blocks, runs_of(s)));
  return arena.used();
}

template <class T>
void residual_norm_backward(NormShape const& s, NormDropout const& dropout, T const* h, float const* mean,
                            float const* rstd, Parameter<T> const* gamma, NormGradients<T> const& g,
                            std::byte* workspace, Stream stream) {
  check_norm(s);
  auto const mask = dropout_arguments(s, dropout);
  using Element = std::remove_pointer_t<decltype(native(g.dh))>;
  Arena arena(workspace);
  auto* const partial = arena.take<float>(3 * s.features * std::max(summing_blocks, runs_of(s)));
  device::NormBackward<Element> const arguments{s.rows(),
                                                s.steps,
                                                static_cast<int>(s.features),
                                                native(h),
                                                native(g.du),
                                                native(g.dresidual),
                                                mean,
                                                rstd,
                                                gamma,
                                                native(g.dh),
                                                native(g.dbranch),
                                                partial,
                                                mask};
  std::int64_t parts = 0;
  if (wide_shape(s) && all_aligned(h, g.du, g.dresidual, g.dh, g.dbranch)) {
    auto const [lanes, vectors] = lanes_of(s.features);
    auto const blocks = blocks_for(s.rows(), lanes, summing_blocks);
    auto const launch = [&, lanes = lanes](auto const& kernel) {
      kernel<<<blocks, device::norm_threads, 0, stream>>>(arguments, lanes);
    };
    if (vectors == 1) launch(device::residual_norm_backward<Element, 1, 2>);
    else if (vectors == 2) launch(device::residual_norm_backward<Element, 2, 1>);
    else launch(device::residual_norm_backward<Element, 4, 1>);
    parts = blocks;
  } else {
    parts = runs_of(s);
    dim3 const grid(static_cast<unsigned>(parts), static_cast<unsigned>(ceil_div(s.features, 32)));
    if (grid.y > most_column_tiles) throw std::invalid_argument("norm of more than 2 million features");
    device::residual_norm_backward_any<<<blocks_for(s.rows(), 32, 8LL * multiprocessors()), device::norm_threads, 0,
                                         stream>>>(arguments);
    check_launch("residual_norm_backward");
    device::norm_column_sums_any<<<grid, 32, 0, stream>>>(arguments, ceil_div(s.rows(), parts));
  }
  check_launch("residual_norm_backward");
  auto const f = s.features, end = g.dbranch_bias != nullptr ? 3 * f : 2 * f;
  device::SumTargets const targets{{g.dgamma, g.dbeta, g.dbranch_bias}, {f, 2 * f, end}};
  sum_partials(parts, 3 * f, partial, targets, stream);
}

#define MAMBASYNTH_INSTANTIATE(T)                                                                                      \
  template void residual_norm_forward(NormShape const&, NormDropout const&, NormInputs<T> const&,                      \
                                      NormOutputs<T> const&, Stream);                                                  \
  template void norm_recompute(NormShape const&, T const*, float const*, float const*, float const*, float const*, T*, \
                               Stream);                                                                                \
  template void residual_norm_backward(NormShape const&, NormDropout const&, T const*, float const*, float const*,     \
                                       float const*, NormGradients<T> const&, std::byte*, Stream);
MAMBASYNTH_INSTANTIATE(float)
MAMBASYNTH_INSTANTIATE(BFloat16)
#undef MAMBASYNTH_INSTANTIATE

}  // namespace mambasynth::kernels::cuda
