#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/intrinsic_dimension.hpp"

/// Private to this folder: the estimators on logarithms that are taken once for all of them.
namespace mambasynth::analysis::estimators {

/// ln T of every distance, and how many of a point's are zero. The neighbours must outlive it.
struct LogDistances {
  Neighbours const& neighbours;
  std::vector<double> value;        ///< (point, k); -infinity at a zero distance
  std::vector<std::int32_t> zeros;  ///< (point)

  [[nodiscard]] std::span<double const> of(std::size_t point) const {
    return std::span(value).subspan(point * static_cast<std::size_t>(neighbours.k),
                                    static_cast<std::size_t>(neighbours.k));
  }
};
LogDistances log_distances(Neighbours const& neighbours, int threads);

/// The three that look at k neighbours, from one sum of logarithms a point.
struct ByK {
  Estimate levina_bickel_original, levina_bickel, mackay_ghahramani;
};
ByK by_k(LogDistances const& logs, std::int64_t k, Blocks const& blocks, int threads);

Estimate two_nn_ml(LogDistances const& logs, Blocks const& blocks);
Estimate two_nn_ls(LogDistances const& logs, Blocks const& blocks);
Estimate gride(LogDistances const& logs, std::int64_t n1, Blocks const& blocks, int threads);

}  // namespace mambasynth::analysis::estimators
