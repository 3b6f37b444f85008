#include "analysis/neighbors/neighbor_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mambasynth::analysis::neighbors {

void require_enough_points(std::int64_t values, std::int64_t points, std::int64_t dims, std::int64_t k,
                           TemporalWindow const& window) {
  if (k < 1 || k >= points) {
    throw errors::usage(fmt::format("{} neighbors of each of {} points", k, points),
                        "a point has as many neighbors as there are other points", "Use a smaller k or more points");
  }
  if (points > std::numeric_limits<std::int32_t>::max()) {
    throw errors::usage(fmt::format("{} points", points), "at most 2^31 - 1 are supported", "Use a subsample");
  }
  if (dims < 1 || values != points * dims) {
    throw errors::usage(fmt::format("{} values for {} points of {} dimensions", values, points, dims),
                        "the array does not have that shape", "Pass rows x dimensions values");
  }
  if (auto const excluded = window.most_excluded(); k >= points - excluded) {
    throw errors::usage(
        fmt::format("{} neighbors of each of {} points outside a window of {} steps", k, points, window.steps),
        fmt::format("the window leaves only {} others for a point", points - 1 - excluded),
        "Use a smaller k, a smaller window or more points");
  }
}

template <class T>
void require_finite(std::span<T const> rows, std::int64_t dims) {
  auto const bad = std::find_if(rows.begin(), rows.end(), [](T value) { return !std::isfinite(value); });
  if (bad == rows.end()) return;
  auto const at = bad - rows.begin();
  throw errors::input(fmt::format("value {} in row {}, column {} of the points", *bad, at / dims, at % dims),
                      "distances to it are undefined", "Remove the row, or find out where it comes from");
}

errors::Error squares_overflow() {
  return errors::input("squared distances beyond the range of double", "coordinates larger than about 1e154",
                       "Rescale the points");
}

template void require_finite(std::span<float const>, std::int64_t);
template void require_finite(std::span<double const>, std::int64_t);

}  // namespace mambasynth::analysis::neighbors
