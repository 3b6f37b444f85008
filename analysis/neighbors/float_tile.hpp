#pragma once

#include <cstdint>

// v[i,j] = |y_j|^2 - 2 x_i . y_j in single precision: squared distances less |x_i|^2, as a matrix product makes them.
namespace mambasynth::analysis::neighbors {

inline constexpr std::int64_t float_queries = 8;
inline constexpr std::int64_t float_lanes = 48;  ///< candidates side by side: 8 x 3 sums fill the AVX-512 registers

/// queries: (dims, float_queries), already times -2; candidates: (dims, float_lanes); norm: (float_lanes); out:
/// (float_queries, float_lanes). The widest instruction set of the machine is chosen at run time. Their results differ
/// by rounding, so callers must allow for an error of gamma_{dims + 1} (|y_j|^2 + 2 |x_i| |y_j|), which bounds all of
/// them.
void float_tile(float const* queries, float const* candidates, float const* norm, std::int64_t dims, float* out);

}  // namespace mambasynth::analysis::neighbors
