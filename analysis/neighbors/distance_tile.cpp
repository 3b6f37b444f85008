#include "analysis/neighbors/distance_tile.hpp"

namespace mambasynth::analysis::neighbors {

namespace {

/// `Lanes` of the tile's candidates, few enough for all sums to stay in registers: each candidate loaded serves four
/// queries, and each query value broadcast serves `Lanes` candidates.
template <std::int64_t Lanes>
[[gnu::always_inline]] inline void partial_tile(double const* __restrict queries, double const* __restrict candidates,
                                                std::int64_t dims, double* __restrict squared, std::int64_t stride) {
  double sum[tile_queries][Lanes] = {};
  for (std::int64_t c = 0; c < dims; ++c) {
    for (std::int64_t i = 0; i < tile_queries; ++i) {
#pragma omp simd
      for (std::int64_t l = 0; l < Lanes; ++l) {
        double const difference = queries[i * dims + c] - candidates[c * tile_lanes + l];
        // Not a separate multiply and add: the baseline would then round differently from machines with FMA.
        sum[i][l] = __builtin_fma(difference, difference, sum[i][l]);
      }
    }
  }
  for (std::int64_t i = 0; i < tile_queries; ++i) {
    for (std::int64_t l = 0; l < Lanes; ++l) squared[i * stride + l] = sum[i][l];
  }
}

template <std::int64_t Lanes>
[[gnu::always_inline]] inline void whole_tile(double const* queries, double const* candidates, std::int64_t dims,
                                              double* squared, std::int64_t stride) {
  for (std::int64_t l = 0; l < tile_lanes; l += Lanes) {
    partial_tile<Lanes>(queries, candidates + l, dims, squared + l, stride);
  }
}

using Tile = void (*)(double const*, double const*, std::int64_t, double*, std::int64_t);

void baseline(double const* queries, double const* candidates, std::int64_t dims, double* squared,
              std::int64_t stride) {
  whole_tile<4>(queries, candidates, dims, squared, stride);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void avx2(double const* queries, double const* candidates, std::int64_t dims,
                                      double* squared, std::int64_t stride) {
  whole_tile<8>(queries, candidates, dims, squared, stride);
}
[[gnu::target("avx512f,prefer-vector-width=512")]] void avx512(double const* queries, double const* candidates,
                                                               std::int64_t dims, double* squared,
                                                               std::int64_t stride) {
  whole_tile<16>(queries, candidates, dims, squared, stride);
}
#endif

Tile widest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2;
#endif
  return baseline;
}

}  // namespace

void distance_tile(double const* queries, double const* candidates, std::int64_t dims, double* squared,
                   std::int64_t stride) {
  static Tile const tile = widest();
  tile(queries, candidates, dims, squared, stride);
}

}  // namespace mambasynth::analysis::neighbors
