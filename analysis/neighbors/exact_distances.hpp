#pragma once

#include <cstdint>
#include <span>

namespace mambasynth::analysis::neighbors {

/// squared[j] = |rows[query] - rows[candidates[j]]|^2, bit-identical to distance_tile. rows: (point, dims).
template <class T>
void exact_distances(T const* rows, std::int64_t dims, std::int64_t query, std::span<std::int32_t const> candidates,
                     double* squared);

extern template void exact_distances(float const*, std::int64_t, std::int64_t, std::span<std::int32_t const>, double*);
extern template void exact_distances(double const*, std::int64_t, std::int64_t, std::span<std::int32_t const>, double*);

}  // namespace mambasynth::analysis::neighbors
