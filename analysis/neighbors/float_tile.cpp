#include "analysis/neighbors/float_tile.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mambasynth::analysis::neighbors {
namespace {

void baseline(float const* __restrict queries, float const* __restrict candidates, float const* __restrict norm,
              std::int64_t dims, float* __restrict out) {
  constexpr std::int64_t lanes = 8;  // with two queries, what sixteen registers of four floats hold
  for (std::int64_t first = 0; first < float_lanes; first += lanes) {
    for (std::int64_t i = 0; i < float_queries; i += 2) {
      float sum[2][lanes];
      for (auto& row : sum) std::copy_n(norm + first, lanes, row);
      for (std::int64_t c = 0; c < dims; ++c)
        for (std::int64_t q = 0; q < 2; ++q)
          for (std::int64_t l = 0; l < lanes; ++l)
            sum[q][l] += queries[c * float_queries + i + q] * candidates[c * float_lanes + first + l];
      for (std::int64_t q = 0; q < 2; ++q) std::copy_n(sum[q], lanes, out + (i + q) * float_lanes + first);
    }
  }
}

using Tile = void (*)(float const*, float const*, float const*, std::int64_t, float*);

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void avx2(float const* queries, float const* candidates, float const* norm,
                                      std::int64_t dims, float* out) {
  constexpr int few = 4, registers = 2;  // 4 x 2 sums of eight floats
  for (std::int64_t first = 0; first < float_lanes; first += 8 * registers) {
    for (std::int64_t group = 0; group < float_queries; group += few) {
      __m256 sum[few][registers];
      for (auto& row : sum)
        for (int r = 0; r < registers; ++r) row[r] = _mm256_loadu_ps(norm + first + 8 * r);
      for (std::int64_t c = 0; c < dims; ++c) {
        __m256 const y[registers] = {_mm256_loadu_ps(candidates + c * float_lanes + first),
                                     _mm256_loadu_ps(candidates + c * float_lanes + first + 8)};
        for (int i = 0; i < few; ++i) {
          __m256 const x = _mm256_broadcast_ss(queries + c * float_queries + group + i);
          for (int r = 0; r < registers; ++r) sum[i][r] = _mm256_fmadd_ps(x, y[r], sum[i][r]);
        }
      }
      for (int i = 0; i < few; ++i)
        for (int r = 0; r < registers; ++r)
          _mm256_storeu_ps(out + (group + i) * float_lanes + first + 8 * r, sum[i][r]);
    }
  }
}

[[gnu::target("avx512f")]] void avx512(float const* queries, float const* candidates, float const* norm,
                                       std::int64_t dims, float* out) {
  constexpr int registers = float_lanes / 16;
  __m512 sum[float_queries][registers];
  for (auto& row : sum)
    for (int r = 0; r < registers; ++r) row[r] = _mm512_loadu_ps(norm + 16 * r);
  for (std::int64_t c = 0; c < dims; ++c) {
    __m512 y[registers];
    for (int r = 0; r < registers; ++r) y[r] = _mm512_loadu_ps(candidates + c * float_lanes + 16 * r);
#pragma GCC unroll 8
    for (int i = 0; i < float_queries; ++i) {
      __m512 const x = _mm512_set1_ps(queries[c * float_queries + i]);
      for (int r = 0; r < registers; ++r) sum[i][r] = _mm512_fmadd_ps(x, y[r], sum[i][r]);
    }
  }
  for (int i = 0; i < float_queries; ++i)
    for (int r = 0; r < registers; ++r) _mm512_storeu_ps(out + i * float_lanes + 16 * r, sum[i][r]);
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

void float_tile(float const* queries, float const* candidates, float const* norm, std::int64_t dims, float* out) {
  static Tile const tile = widest();
  tile(queries, candidates, norm, dims, out);
}

}  // namespace mambasynth::analysis::neighbors
