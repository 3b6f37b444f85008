#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/neighbors/neighbors.hpp"

namespace mambasynth::analysis::dimension {

/// ln T of every distance, computed once for all estimators, and how many of each point's distances are zero.
struct LogDistances {
  std::int64_t points = 0, k = 0;
  std::vector<double> value;        ///< (point, k); -infinity at a zero distance
  std::vector<std::int32_t> zeros;  ///< (point)

  [[nodiscard]] std::span<double const> of(std::size_t point) const {
    return std::span(value).subspan(point * static_cast<std::size_t>(k), static_cast<std::size_t>(k));
  }
};

LogDistances log_distances(neighbors::Neighbors const& neighbors, int threads);

}  // namespace mambasynth::analysis::dimension
