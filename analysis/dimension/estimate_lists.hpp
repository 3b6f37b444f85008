#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dimension/estimators.hpp"

/// Private to this folder: every estimator on one set of neighbour lists, with errors by blocks.
namespace mambasynth::analysis::dimension::estimators {

struct Curves {
  std::vector<ByK> by_k;  ///< (ranks.k)
  Estimate two_nn_ml{}, two_nn_ls{};
  std::vector<Estimate> gride;                        ///< (ranks.n1)
  std::vector<statistics::BlockShifts> gride_shifts;  ///< (ranks.n1); empty without blocks
};

/// Estimates and nominal errors; `near`: of almost the same points, or null.
Curves estimate(PointTerms const& terms, Curves const* near, int threads);

/// How blocks are left out.
struct BlockPass {
  statistics::Blocks const& blocks;  ///< maybe none
  std::int64_t excluded;             ///< most points that a window keeps from a point
  SearchOutside search;
};

/// The same, and the errors by blocks: each block is left out, neighbours are found again for those that are left, and
/// the estimates compared. What lies farther than the points that are left has no such error. `index`: (point, logs.k).
Curves estimate_with_blocks(LogDistances const& logs, std::span<std::int32_t const> index, Ranks const& ranks,
                            BlockPass const& pass, int threads);

}  // namespace mambasynth::analysis::dimension::estimators
