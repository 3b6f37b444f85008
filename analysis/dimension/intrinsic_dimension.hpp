#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/dimension/estimators.hpp"
#include "analysis/dimension/plateau.hpp"
#include "analysis/neighbors/neighbor_search.hpp"
#include "analysis/neighbors/neighbors.hpp"
#include "analysis/statistics/blocks.hpp"

// Intrinsic dimension from the distances T_1 <= T_2 <= ... of each point to its nearest other points.
//
// Copies: estimate_all() measures distinct rows, so a row that was recorded twice counts once, as a point and as a
// neighbor. levina_bickel_original treats copies as the original program does: all rows, and a point with a copy counts
// as 0. An estimator that is called on known neighbors sees only distances: it skips zero distances, uses the next
// ones, and leaves out a point that has too few.
//
// Standard errors `se` are nominal: they hold for independent neighborhoods in a locally uniform density. Neighborhoods
// of the same rows overlap and rows of a series depend on each other, so they are lower bounds. `se_blocks` leaves out
// stretches of time and accounts for both (BlockShifts in blocks.hpp); it is at least half the nominal one.
namespace mambasynth::analysis::dimension {

/// Every estimator on one set of points.
class DimensionEstimates {
 public:
  std::int64_t points = 0;
  std::int64_t duplicates = 0;  ///< points that equal another one
  std::vector<std::int64_t> k;
  std::vector<double> distance_k;   ///< (k), mean of T_k over the points: the scale probed at k
  std::vector<std::int64_t> n1;     ///< 1, 2, 4, ...
  std::vector<double> distance_n1;  ///< (n1), mean of (T_n1 + T_2n1) / 2 over the points
  std::optional<Plateau> plateau;   ///< of gride over n1, if it has one

  /// (k), (n1), or one entry, by the estimator's axis; empty if nothing was measured.
  std::vector<Estimate>& operator[](Estimator const& estimator) { return estimates_[index_of(estimator)]; }
  std::vector<Estimate> const& operator[](Estimator const& estimator) const { return estimates_[index_of(estimator)]; }

 private:
  std::array<std::vector<Estimate>, estimators.size()> estimates_;
};

inline constexpr std::int64_t gride_longest_n1 = 64;

struct EstimateOptions {
  int threads = 0;  ///< 0: OpenMP's default
  std::int64_t longest_n1 = gride_longest_n1;
  statistics::Blocks blocks;  ///< none: no se_blocks
  neighbors::TemporalWindow window;
  neighbors::NeighborSearch const* search = nullptr;  ///< null: the CPU search
};

/// From neighbor lists of any origin: nominal errors, no plateau; n1 up to the length of the lists.
DimensionEstimates estimate_all(neighbors::Neighbors const& neighbors, std::vector<std::int64_t> const& ks,
                                int threads = 0);
/// All estimators with their errors from one neighbor pass; n1 up to longest_n1 and what the points (and the window)
/// allow. If rows have copies, only distinct rows are measured; estimates that need more rows than there are distinct
/// ones are NaN. rows: (point, dims), row-major, float or double, of any size (scaled_rows()). Errors: errors::usage
/// for k < 3 or k >= points (less those that the window excludes), errors::input for NaN or infinity.
template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, EstimateOptions const& options);
template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, int threads = 0) {
  EstimateOptions options;
  options.threads = threads;
  return estimate_all(rows, points, dims, ks, options);
}

extern template DimensionEstimates estimate_all(std::span<float const>, std::int64_t, std::int64_t,
                                                std::vector<std::int64_t> const&, EstimateOptions const&);
extern template DimensionEstimates estimate_all(std::span<double const>, std::int64_t, std::int64_t,
                                                std::vector<std::int64_t> const&, EstimateOptions const&);

}  // namespace mambasynth::analysis::dimension
