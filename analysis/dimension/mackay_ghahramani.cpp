#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "analysis/dimension/mean_over_points.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension {
namespace {

double inverse_at(double sum, std::int32_t terms) {
  return terms > 0 ? sum / static_cast<double>(terms) : statistics::undefined;
}

Estimate estimate_inverse_mean(PointTerms const& all, std::size_t at, double, int) {
  auto const& terms = all.by_k[at];
  Mean inverse;
  double logarithms = 0;
  for (std::size_t i = 0; i < terms.sum.size(); ++i) {
    inverse.add(inverse_at(terms.sum[i], terms.terms[i]));
    logarithms += static_cast<double>(terms.terms[i]);
  }
  if (!(inverse.total > 0)) return {statistics::undefined, statistics::undefined};
  auto const value = inverse.counted / inverse.total;
  return {value, value / std::sqrt(logarithms)};
}

Influence influence_on_inverse_mean(PointTerms const& terms, std::size_t at, Estimate const& estimate,
                                    NeighborLists const& lists) {
  // d (1 / mean) = - (1 / mean)^2 d mean
  auto const per_inverse = -estimate.value * estimate.value / static_cast<double>(terms.by_k[at].sum.size());
  return influence_on_mean(terms, at, 1 / estimate.value, lists, inverse_at,
                           [per_inverse](double difference) { return difference * per_inverse; });
}

}  // namespace

constinit Estimator const mackay_ghahramani{
    .name = "mackay_ghahramani",
    .family = "MacKay-Ghahramani",
    .marker = 9,
    .axis = Axis::k,
    .estimate = estimate_inverse_mean,
    .influence = influence_on_inverse_mean,
};

}  // namespace mambasynth::analysis::dimension
