#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/launch.hpp"

/// Grids of kernels whose threads keep `width` adjacent columns and loop over the rows.
namespace mambasynth::kernels::cuda {

inline bool aligned(void const* p, std::size_t bytes = 16) { return reinterpret_cast<std::uintptr_t>(p) % bytes == 0; }

struct ColumnGrid {
  dim3 blocks, threads;
};
/// Lanes along the columns: a warp, or fewer where there are fewer columns. Blocks along the rows: as many as have
/// work, and at most `most` in all.
inline ColumnGrid column_grid(std::int64_t rows, std::int64_t columns, int width, int threads, std::int64_t most) {
  auto const vectors = ceil_div(columns, width);
  unsigned lanes = 1;
  while (lanes < 32 && lanes < vectors) lanes *= 2;
  auto const tiles = std::max<std::int64_t>(1, ceil_div(vectors, lanes));
  unsigned const down = static_cast<unsigned>(threads) / lanes;
  auto const blocks = std::clamp<std::int64_t>(ceil_div(rows, down), 1, std::max<std::int64_t>(1, most / tiles));
  return {dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(tiles)), dim3(lanes, down)};
}
inline constexpr std::int64_t most_column_tiles = 65535;

/// Number of blocks of kernels that write partial sums: the same on every card, so that sums are bit-identical. Two per
/// multiprocessor of an H100.
inline constexpr std::int64_t summing_blocks = 264;

}  // namespace mambasynth::kernels::cuda
