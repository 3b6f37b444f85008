#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "analysis/dimension/point_terms.hpp"

/// Private to this folder: the estimators on what they need of each point.
namespace mambasynth::analysis::dimension::estimators {

/// The three that look at k neighbours.
struct ByK {
  Estimate levina_bickel_original, levina_bickel, mackay_ghahramani;
};
ByK by_k(PointTerms::ByK const& terms, std::int64_t k);

/// ratio: (point), ln(T_2/T_1).
Estimate two_nn_ml(std::span<double const> ratio);
Estimate two_nn_ls(std::span<double const> ratio);
/// ratio: (point), ln(T_2n1/T_n1); `near`: where to look for the root first, NaN: not known.
Estimate gride(std::span<double const> ratio, std::int64_t n1, double near, int threads);

/// How much a point moves each estimate, in units of the estimate: by its own neighbourhood (the influence function,
/// about 0 in the mean), and by being a neighbour of others (what its deletion would change there).
struct Influence {
  std::vector<double> own, on_others;  ///< (point)
};
struct InfluenceByK {
  Influence levina_bickel_original, levina_bickel, mackay_ghahramani;
};
/// `logs` hold one neighbour more than k, or all there are; `index`: whom they belong to; `estimate`: as by_k finds it.
InfluenceByK influence_by_k(PointTerms::ByK const& terms, std::int64_t k, ByK const& estimate, LogDistances const& logs,
                            std::span<std::int32_t const> index);
/// Of Gride; at n1 = 1 of TwoNN, too.
Influence influence_by_ratio(std::span<double const> ratio, std::int64_t n1, double estimate, LogDistances const& logs,
                             std::span<std::int32_t const> index);

}  // namespace mambasynth::analysis::dimension::estimators
