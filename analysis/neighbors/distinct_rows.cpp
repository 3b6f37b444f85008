#include "analysis/neighbors/distinct_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <unordered_map>

namespace mambasynth::analysis::neighbors {

template <class T>
DistinctRows distinct_rows(std::span<T const> rows, std::int64_t points, std::int64_t dims) {
  auto const width = static_cast<std::size_t>(dims);
  auto const row = [&](std::int64_t i) { return rows.subspan(static_cast<std::size_t>(i) * width, width); };
  auto const hash = [&](std::int64_t i) {
    std::size_t all = 0;
    for (auto const value : row(i)) all = all * 0x9E3779B97F4A7C15 + std::hash<T>{}(value + T{0});  // -0 + 0 is 0
    return all;
  };
  auto const equal = [&](std::int64_t a, std::int64_t b) { return std::ranges::equal(row(a), row(b)); };
  std::unordered_map<std::int64_t, std::int64_t, decltype(hash), decltype(equal)> rows_like(
      static_cast<std::size_t>(points), hash, equal);
  DistinctRows found;
  for (std::int64_t i = 0; i < points; ++i) {
    auto const [place, is_new] = rows_like.try_emplace(i, 1);
    if (is_new) {
      found.first.push_back(i);
    } else {
      found.copied += place->second == 1 ? 2 : 1;
      ++place->second;
    }
  }
  return found;
}

template DistinctRows distinct_rows(std::span<float const>, std::int64_t, std::int64_t);
template DistinctRows distinct_rows(std::span<double const>, std::int64_t, std::int64_t);

}  // namespace mambasynth::analysis::neighbors
