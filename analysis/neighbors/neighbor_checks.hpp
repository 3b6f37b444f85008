#pragma once

#include <cstdint>
#include <span>

#include "analysis/neighbors/neighbors.hpp"
#include "errors/errors.hpp"

/// What every neighbor search rejects, with the same messages.
namespace mambasynth::analysis::neighbors {

/// rows: (point, dims). Errors: errors::usage if the number of values does not match, for k < 1 or k >= points (less
/// those that the window excludes), for more than 2^31 - 1 points.
void require_enough_points(std::int64_t values, std::int64_t points, std::int64_t dims, std::int64_t k,
                           TemporalWindow const& window);

/// Errors: errors::input, naming the first value that is NaN or infinite.
template <class T>
void require_finite(std::span<T const> rows, std::int64_t dims);

/// A point has fewer than k others at a finite squared distance.
errors::Error squares_overflow();

extern template void require_finite(std::span<float const>, std::int64_t);
extern template void require_finite(std::span<double const>, std::int64_t);

}  // namespace mambasynth::analysis::neighbors
