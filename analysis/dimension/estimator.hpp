#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/dimension/log_distances.hpp"
#include "analysis/dimension/point_terms.hpp"
#include "analysis/neighbors/neighbors.hpp"

namespace mambasynth::analysis::dimension {

/// NaN if undefined: no usable points, or (errors only) too few.
struct Estimate {
  double value;
  double se;
  double se_blocks = std::numeric_limits<double>::quiet_NaN();
};

/// What an estimator has a value for: each k, each n1 (the farther neighbor is 2 n1), or the rows as a whole.
enum class Axis { k, none, n1 };

/// How much a point moves an estimate, in units of the estimate: by its own neighborhood (the influence function, about
/// 0 on average), and by being a neighbor of others (what its removal would change there).
struct Influence {
  std::vector<double> own, on_others;  ///< (point)
};

/// Each point's neighbors.
struct NeighborLists {
  LogDistances const& logs;             ///< one neighbor more than the estimator uses, if there are that many
  std::span<std::int32_t const> index;  ///< (point, logs.k)
};

/// An intrinsic-dimension estimator on neighbor lists: all that the program needs to know about it. Code that measures,
/// writes, reads, tabulates, or draws estimates loops over `estimators` (estimators.hpp).
struct Estimator {
  std::string_view name;          ///< its data set, and the first part of its columns in table.csv
  std::string_view family;        ///< "Levina-Bickel"
  std::string_view variant = {};  ///< "unbiased"
  int marker = 7;                 ///< gnuplot's pointtype in the figure over neighbors
  /// Its panel in the figures by layer, intrinsic_dimension and sweep_dimension, whose data is in
  /// sweep_dimension_<panel>.dat; empty: none. Only for axes k and none.
  std::string_view panel = {};
  Axis axis = Axis::k;
  bool all_rows = false;  ///< measured with copies and on the original program's rows; the others use distinct rows

  /// The estimate and its nominal error at entry `at` of the axis. `near`: the value on almost the same points, from
  /// which an iteration may start; NaN: unknown. Ranks beyond the lists have undefined terms.
  Estimate (*estimate)(PointTerms const& terms, std::size_t at, double near, int threads) = nullptr;
  /// Each point's influence on it. Null: its error by blocks is the plain jackknife's, which overcounts (BlockShifts).
  Influence (*influence)(PointTerms const& terms, std::size_t at, Estimate const& estimate,
                         NeighborLists const& lists) = nullptr;

  /// In a legend: "Levina-Bickel, unbiased".
  [[nodiscard]] std::string label() const;
  /// Entries along the axis.
  [[nodiscard]] std::size_t entries(Ranks const& ranks) const;
  /// From known neighbors at one k or n1 (ignored without an axis). Zero distances are skipped in favor of the next
  /// ones; a point with too few is left out. Errors: errors::usage unless 3 <= k <= neighbors.k, or 1 <= n1, 2 n1 <=
  /// neighbors.k.
  Estimate operator()(neighbors::Neighbors const& neighbors, std::int64_t rank = 1) const;
};

/// Errors: errors::usage unless 3 <= k <= neighbors for each k.
void require_ranks(std::vector<std::int64_t> const& ks, std::int64_t neighbors);

}  // namespace mambasynth::analysis::dimension
