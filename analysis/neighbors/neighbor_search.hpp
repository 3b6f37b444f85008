#pragma once

#include <cstdint>
#include <span>

#include "analysis/neighbors/neighbors.hpp"

namespace mambasynth::analysis::neighbors {

/// Finds the same neighbors as nearest_neighbors, bit for bit, and rejects the same input, on the CPU or on a GPU.
class NeighborSearch {
 public:
  NeighborSearch() = default;
  NeighborSearch(NeighborSearch const&) = delete;
  NeighborSearch& operator=(NeighborSearch const&) = delete;
  virtual ~NeighborSearch() = default;

  /// rows: (point, dims), row-major.
  [[nodiscard]] virtual Neighbors find(std::span<float const> rows, std::int64_t points, std::int64_t dims,
                                       std::int64_t k, TemporalWindow const& window) const = 0;
  [[nodiscard]] virtual Neighbors find(std::span<double const> rows, std::int64_t points, std::int64_t dims,
                                       std::int64_t k, TemporalWindow const& window) const = 0;
};

/// nearest_neighbors itself. `threads` 0: OpenMP's default.
class HostSearch final : public NeighborSearch {
 public:
  explicit HostSearch(int threads = 0) : threads_(threads) {}
  [[nodiscard]] Neighbors find(std::span<float const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                               TemporalWindow const& window) const override {
    return nearest_neighbors(rows, points, dims, k, threads_, window);
  }
  [[nodiscard]] Neighbors find(std::span<double const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                               TemporalWindow const& window) const override {
    return nearest_neighbors(rows, points, dims, k, threads_, window);
  }

 private:
  int threads_;
};

}  // namespace mambasynth::analysis::neighbors
