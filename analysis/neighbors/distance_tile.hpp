#pragma once

#include <cstdint>

// d2[i,j] = sum_c (query[i,c] - candidate[j,c])^2, summed over c in order with fused multiply-adds.
namespace mambasynth::analysis::neighbors {

inline constexpr std::int64_t tile_queries = 4;
inline constexpr std::int64_t tile_lanes = 16;  ///< candidates side by side: two AVX-512 registers of doubles

/// queries: (tile_queries, dims); candidates: (dims, tile_lanes); squared: (tile_queries, tile_lanes) with `stride`
/// elements between queries. The widest instruction set of the machine is chosen at run time; all give bit-identical
/// results.
void distance_tile(double const* queries, double const* candidates, std::int64_t dims, double* squared,
                   std::int64_t stride);

}  // namespace mambasynth::analysis::neighbors
