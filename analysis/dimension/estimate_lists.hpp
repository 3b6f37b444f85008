#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dimension/estimators.hpp"

/// Private to this room: every estimator on one set of neighbor lists, with errors by blocks.
namespace mambasynth::analysis::dimension {

/// (estimator, entry of its axis), in the order of `estimators`.
struct Curves {
  std::vector<std::vector<Estimate>> estimates;
  std::vector<std::vector<statistics::BlockShifts>> shifts;  ///< empty without blocks
};

/// Estimates and nominal errors; `near`: estimates on almost the same points, or null.
Curves estimate(PointTerms const& terms, Curves const* near, int threads);

/// How blocks are left out.
struct BlockPass {
  statistics::Blocks const& blocks;  ///< may be empty
  std::int64_t excluded;             ///< the most points that a window excludes for a point
  SearchOutside search;
};

/// The same with errors by blocks: each block is left out, the neighbors of the remaining points are found again, and
/// the estimates are compared. Ranks beyond the remaining points have no such error. `index`: (point, logs.k).
Curves estimate_with_blocks(LogDistances const& logs, std::span<std::int32_t const> index, Ranks const& ranks,
                            BlockPass const& pass, int threads);

}  // namespace mambasynth::analysis::dimension
