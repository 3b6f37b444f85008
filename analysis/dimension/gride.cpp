#include <omp.h>

#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "analysis/dimension/gride_likelihood.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension {
namespace {

Estimate estimate_root(PointTerms const& terms, std::size_t at, double near, int threads) {
  auto const ratios = defined(terms.ratio[at]);
  GrideLikelihood const likelihood(ratios, terms.ranks.n1[at], threads > 0 ? threads : omp_get_max_threads());
  if (!likelihood.has_root()) return {statistics::undefined, statistics::undefined};
  auto const d = near > 0 ? likelihood.root_near(near) : likelihood.root();
  return {d, 1 / std::sqrt(likelihood.slope(d).information)};
}

Influence gride_influence(PointTerms const& terms, std::size_t at, Estimate const& estimate,
                          NeighborLists const& lists) {
  return influence_on_root(terms, at, estimate.value, lists);
}

}  // namespace

constinit Estimator const gride{
    .name = "gride",
    .family = "Gride",
    .marker = 5,
    .axis = Axis::n1,
    .estimate = estimate_root,
    .influence = gride_influence,
};

}  // namespace mambasynth::analysis::dimension
