#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/dimension/log_distances.hpp"
#include "analysis/statistics/blocks.hpp"

namespace mambasynth::analysis::dimension {

/// Which neighbors the estimators use: the k nearest, and the pairs n1 and 2 n1 (n1 = 1 is TwoNN's).
struct Ranks {
  std::vector<std::int64_t> k, n1;

  /// The farthest neighbor that any of them needs.
  [[nodiscard]] std::int64_t reach() const;
};

/// Everything the estimators need from each point.
struct PointTerms {
  struct ByK {
    std::vector<double> sum;          ///< (point), sum_{j<k} ln(T_k/T_j) over the nonzero T_j
    std::vector<std::int32_t> terms;  ///< (point), how many terms that sum has
    std::vector<double> farthest;     ///< (point), ln T_k
  };
  Ranks ranks;
  std::vector<ByK> by_k;                   ///< (k)
  std::vector<std::vector<double>> ratio;  ///< (n1) of (point), ln(T_2n1/T_n1) among nonzero distances; NaN: too few
};

/// Ranks beyond the lists leave their terms undefined.
PointTerms point_terms(LogDistances const& logs, Ranks const& ranks, int threads);

/// Writes the `out.size()` nearest distances, as logarithms, of a point to points outside a block (and outside its
/// window).
using SearchOutside = std::function<void(std::int64_t point, std::int32_t block, std::span<double> out)>;

/// The points outside one block, as if the block did not exist: neighbors inside it are skipped. `index`: (point,
/// logs.k), the neighbor at each distance. `reach`: how many neighbors each point needs; if its list is shorter,
/// `search` finds the rest. Ranks beyond leave their terms undefined.
PointTerms point_terms_without(std::int32_t block, statistics::Blocks const& blocks, LogDistances const& logs,
                               std::span<std::int32_t const> index, Ranks const& ranks, std::int64_t reach,
                               SearchOutside const& search);

}  // namespace mambasynth::analysis::dimension
