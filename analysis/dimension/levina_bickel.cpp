#include <algorithm>
#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "analysis/dimension/mean_over_points.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension {
namespace {

// Guards of the original program (specification, section 5).
constexpr double least_distance = 1e-12;
constexpr double least_mean_log = 1e-10;

/// A point's value from the sum and the number of its log ratios; NaN if it has none.
double original_at(double sum, std::int32_t terms, std::int64_t k) {
  if (terms < k - 1) return 0;
  auto const mean_log = sum / static_cast<double>(k - 1);
  return mean_log > least_mean_log ? 1 / mean_log : statistics::undefined;
}
double unbiased_at(double sum, std::int32_t terms) {
  auto const count = static_cast<double>(terms);
  return count >= 2 && sum / count > least_mean_log ? (count - 1) / sum : statistics::undefined;
}

Estimate original_estimate(PointTerms const& all, std::size_t at, double, int) {
  auto const& terms = all.by_k[at];
  auto const k = all.ranks.k[at];
  auto const largest = terms.farthest.empty() ? 0 : *std::max_element(terms.farthest.begin(), terms.farthest.end());
  auto const guard = std::log(least_distance) + (std::isfinite(largest) ? std::min(0.0, largest) : 0);
  Mean mean;
  for (std::size_t i = 0; i < terms.sum.size(); ++i)
    if (terms.farthest[i] >= guard) mean.add(original_at(terms.sum[i], terms.terms[i], k));
  return estimate_of(mean, k);
}

Estimate unbiased_estimate(PointTerms const& all, std::size_t at, double, int) {
  auto const& terms = all.by_k[at];
  Mean mean;
  for (std::size_t i = 0; i < terms.sum.size(); ++i) mean.add(unbiased_at(terms.sum[i], terms.terms[i]));
  return estimate_of(mean, all.ranks.k[at]);
}

Influence original_influence(PointTerms const& terms, std::size_t at, Estimate const& estimate,
                             NeighborLists const& lists) {
  auto const k = terms.ranks.k[at];
  auto const points = static_cast<double>(terms.by_k[at].sum.size());
  return influence_on_mean(
      terms, at, estimate.value, lists, [k](double sum, std::int32_t count) { return original_at(sum, count, k); },
      [points](double difference) { return difference / points; });
}

Influence unbiased_influence(PointTerms const& terms, std::size_t at, Estimate const& estimate,
                             NeighborLists const& lists) {
  auto const points = static_cast<double>(terms.by_k[at].sum.size());
  return influence_on_mean(terms, at, estimate.value, lists, unbiased_at,
                           [points](double difference) { return difference / points; });
}

}  // namespace

constinit Estimator const levina_bickel_original{
    .name = "levina_bickel_original",
    .family = "Levina-Bickel",
    .variant = "original form",
    .marker = 6,
    .panel = "levina_bickel",
    .axis = Axis::k,
    .all_rows = true,
    .estimate = original_estimate,
    .influence = original_influence,
};

constinit Estimator const levina_bickel{
    .name = "levina_bickel",
    .family = "Levina-Bickel",
    .variant = "unbiased",
    .axis = Axis::k,
    .estimate = unbiased_estimate,
    .influence = unbiased_influence,
};

}  // namespace mambasynth::analysis::dimension
