#include "analysis/neighbors/exact_distances.hpp"

#include <algorithm>

namespace mambasynth::analysis::neighbors {
namespace {

/// Eight candidates at a time: each sum over c must be added in order, so it takes several independent sums to fill the
/// pipeline.
template <class T>
[[gnu::always_inline]] inline void in_order(T const* rows, std::int64_t dims, std::int64_t query,
                                            std::span<std::int32_t const> candidates, double* squared) {
  constexpr std::size_t together = 8;
  auto const* const x = rows + query * dims;
  for (std::size_t first = 0; first < candidates.size(); first += together) {
    auto const count = std::min(together, candidates.size() - first);
    T const* y[together];
    double sum[together] = {};
    for (std::size_t j = 0; j < together; ++j)
      y[j] = rows + std::int64_t{candidates[first + std::min(j, count - 1)]} * dims;
    for (std::int64_t c = 0; c < dims; ++c) {
      for (std::size_t j = 0; j < together; ++j) {
        auto const difference = static_cast<double>(x[c]) - static_cast<double>(y[j][c]);
        sum[j] = __builtin_fma(difference, difference, sum[j]);
      }
    }
    std::copy_n(sum, count, squared + first);
  }
}

template <class T>
void baseline(T const* rows, std::int64_t dims, std::int64_t query, std::span<std::int32_t const> candidates,
              double* squared) {
  in_order(rows, dims, query, candidates, squared);
}

#if defined(__x86_64__)
template <class T>
[[gnu::target("avx2,fma")]] void with_fma(T const* rows, std::int64_t dims, std::int64_t query,
                                          std::span<std::int32_t const> candidates, double* squared) {
  in_order(rows, dims, query, candidates, squared);
}
#endif

}  // namespace

template <class T>
void exact_distances(T const* rows, std::int64_t dims, std::int64_t query, std::span<std::int32_t const> candidates,
                     double* squared) {
#if defined(__x86_64__)
  static bool const fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (fma) return with_fma(rows, dims, query, candidates, squared);
#endif
  baseline(rows, dims, query, candidates, squared);
}

template void exact_distances(float const*, std::int64_t, std::int64_t, std::span<std::int32_t const>, double*);
template void exact_distances(double const*, std::int64_t, std::int64_t, std::span<std::int32_t const>, double*);

}  // namespace mambasynth::analysis::neighbors
