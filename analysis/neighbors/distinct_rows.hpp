#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::analysis::neighbors {

/// Rows without their duplicates. A duplicate reflects how the data were recorded, not the set they lie on: it is a
/// neighbor of its twin at distance 0, and both are equally far from every other row.
struct DistinctRows {
  std::vector<std::int64_t> first;  ///< rows that equal no earlier one, ascending
  std::int64_t copied = 0;          ///< rows that equal another one
};

/// rows: (point, dims), finite; compared by value, so that -0 equals 0.
template <class T>
DistinctRows distinct_rows(std::span<T const> rows, std::int64_t points, std::int64_t dims);

extern template DistinctRows distinct_rows(std::span<float const>, std::int64_t, std::int64_t);
extern template DistinctRows distinct_rows(std::span<double const>, std::int64_t, std::int64_t);

}  // namespace mambasynth::analysis::neighbors
