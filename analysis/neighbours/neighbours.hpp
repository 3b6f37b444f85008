#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::analysis::neighbours {

/// The k nearest other points of each point, nearest first; equal distances in the order of their indices.
struct Neighbours {
  std::int64_t points = 0;
  std::int64_t k = 0;
  std::vector<double> distance;     ///< (point, k), Euclidean
  std::vector<std::int32_t> index;  ///< (point, k), rows of the input

  [[nodiscard]] std::span<double const> distances_of(std::int64_t point) const {
    return std::span(distance).subspan(static_cast<std::size_t>(point * k), static_cast<std::size_t>(k));
  }
};

/// Theiler's window (1986, Phys. Rev. A 34:2427): points whose times differ by at most `steps` are no neighbours of
/// each other, since consecutive steps of a trajectory lie close along it whatever the set is that it runs over.
struct TemporalWindow {
  std::span<std::int64_t const> time;  ///< (point)
  std::int64_t steps = 0;              ///< 0: no window

  /// How many other points the window takes from the point that it costs most.
  [[nodiscard]] std::int64_t most_excluded() const;
};

/// Exact: those of a brute force whose squared distances are summed in double, one dimension after the other with fused
/// multiply-adds, so the result has the same bits for any number of threads and any instruction set. Where it pays, a
/// matrix product in single precision with a bound on its error first leaves only the candidates that could be among
/// them. Rows that lie so close that the squares vanish are told apart by squares in a unit of their own. rows: (point,
/// dims), row-major, float or double. `threads` 0 = OpenMP's own choice. Memory: the result and copies of the rows in
/// double and single precision; never the distance matrix. Errors: errors::usage for k < 1 or k
/// >= points (less those that the window excludes); errors::input for NaN, infinity or squares that overflow.
template <class T>
Neighbours nearest_neighbours(std::span<T const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                              int threads = 0, TemporalWindow const& window = {});

extern template Neighbours nearest_neighbours(std::span<float const>, std::int64_t, std::int64_t, std::int64_t, int,
                                              TemporalWindow const&);
extern template Neighbours nearest_neighbours(std::span<double const>, std::int64_t, std::int64_t, std::int64_t, int,
                                              TemporalWindow const&);

}  // namespace mambasynth::analysis::neighbours
