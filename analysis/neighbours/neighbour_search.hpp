#pragma once

#include <cstdint>
#include <span>

#include "analysis/neighbours/neighbours.hpp"

namespace mambasynth::analysis::neighbours {

/// Finds the same neighbours as nearest_neighbours, bit by bit, and rejects the same input: on the CPU or on a GPU.
class NeighbourSearch {
 public:
  NeighbourSearch() = default;
  NeighbourSearch(NeighbourSearch const&) = delete;
  NeighbourSearch& operator=(NeighbourSearch const&) = delete;
  virtual ~NeighbourSearch() = default;

  /// rows: (point, dims), row-major.
  [[nodiscard]] virtual Neighbours find(std::span<float const> rows, std::int64_t points, std::int64_t dims,
                                        std::int64_t k, TemporalWindow const& window) const = 0;
  [[nodiscard]] virtual Neighbours find(std::span<double const> rows, std::int64_t points, std::int64_t dims,
                                        std::int64_t k, TemporalWindow const& window) const = 0;
};

/// nearest_neighbours itself. `threads` 0 = OpenMP's own choice.
class HostSearch final : public NeighbourSearch {
 public:
  explicit HostSearch(int threads = 0) : threads_(threads) {}
  [[nodiscard]] Neighbours find(std::span<float const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                                TemporalWindow const& window) const override {
    return nearest_neighbours(rows, points, dims, k, threads_, window);
  }
  [[nodiscard]] Neighbours find(std::span<double const> rows, std::int64_t points, std::int64_t dims, std::int64_t k,
                                TemporalWindow const& window) const override {
    return nearest_neighbours(rows, points, dims, k, threads_, window);
  }

 private:
  int threads_;
};

}  // namespace mambasynth::analysis::neighbours
