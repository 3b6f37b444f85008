#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::analysis::neighbors {

/// The k nearest other points of each point, nearest first; ties in the order of their indices.
struct Neighbors {
  std::int64_t points = 0;
  std::int64_t k = 0;
  std::vector<double> distance;     ///< (point, k), Euclidean
  std::vector<std::int32_t> index;  ///< (point, k), rows of the input

  [[nodiscard]] std::span<double const> distances_of(std::int64_t point) const {
    return std::span(distance).subspan(static_cast<std::size_t>(point * k), static_cast<std::size_t>(k));
  }
};

/// Theiler's window (1986, Phys. Rev. A 34:2427): points whose times differ by at most `steps` do not count as
/// neighbors, since consecutive steps of a trajectory are close whatever set it explores.
struct TemporalWindow {
  std::span<std::int64_t const> time;  ///< (point)
  std::int64_t steps = 0;              ///< 0: no window

  /// The largest number of other points that the window excludes for any point.
  [[nodiscard]] std::int64_t most_excluded() const;
};

/// Exact: the result is that of a brute-force search with squared distances summed in double, dimension by dimension
/// with fused multiply-adds, so it is bit-identical for any number of threads and any instruction set. Where that saves
/// time, a matrix product in single precision with an error bound first discards points that cannot be among the
/// neighbors. Rows so close that squares underflow are distinguished by scaled squares. rows: (point, dims), row-major,
/// float or double. `threads` 0: OpenMP's default. Memory: the result and copies of the rows in double and single
/// precision; never the distance matrix. Errors: errors::usage for k < 1 or k >= points (less those that the window
/// excludes); errors::input for NaN, infinity or squares that overflow.
template <class T>
Neighbors nearest_neighbors(std::span<T const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                            int threads = 0, TemporalWindow const& window = {});

extern template Neighbors nearest_neighbors(std::span<float const>, std::int64_t, std::int64_t, std::int64_t, int,
                                            TemporalWindow const&);
extern template Neighbors nearest_neighbors(std::span<double const>, std::int64_t, std::int64_t, std::int64_t, int,
                                            TemporalWindow const&);

}  // namespace mambasynth::analysis::neighbors
