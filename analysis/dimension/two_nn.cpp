#include <algorithm>
#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "analysis/dimension/gride_likelihood.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension {
namespace {

/// ln(T_2/T_1) of the points that have it.
std::vector<double> nearest_ratios(PointTerms const& terms) {
  return terms.ratio.empty() ? std::vector<double>() : defined(terms.ratio[0]);
}

Estimate maximum_likelihood(PointTerms const& terms, std::size_t, double, int) {
  auto const ratios = nearest_ratios(terms);
  double sum = 0;
  for (auto const one : ratios) sum += one;
  auto const n = static_cast<double>(ratios.size());
  if (!(sum > 0) || n < 2) return {statistics::undefined, statistics::undefined};
  auto const value = (n - 1) / sum;
  return {value, n > 2 ? value / std::sqrt(n - 2) : statistics::undefined};
}

/// Slope of the least squares line through the origin over the lower nine tenths of sorted ratios.
struct Line {
  double value = statistics::undefined;
  std::vector<double> y;  ///< -ln(1 - F_i)
};

Line through_origin(std::vector<double> const& sorted) {
  auto const n = sorted.size();
  auto const used = n * 9 / 10;
  Line line{.value = statistics::undefined, .y = std::vector<double>(used)};
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < used; ++i) {
    line.y[i] = -std::log1p(-static_cast<double>(i + 1) / static_cast<double>(n));
    xy += sorted[i] * line.y[i];
    xx += sorted[i] * sorted[i];
  }
  if (xx > 0) line.value = xy / xx;
  return line;
}

Estimate least_squares(PointTerms const& terms, std::size_t, double, int) {
  auto ratios = nearest_ratios(terms);
  std::sort(ratios.begin(), ratios.end());
  auto const line = through_origin(ratios);
  if (std::isnan(line.value)) return {statistics::undefined, statistics::undefined};
  // Renyi: the i-th smallest of n exponentials is sum_{m<=i} Z_m / (n-m+1) with independent Z_m of variance 1.
  double tail = 0, variance = 0, yy = 0;
  for (std::size_t m = line.y.size(); m-- > 0;) {
    tail += line.y[m];
    auto const weight = tail / static_cast<double>(ratios.size() - m);
    variance += weight * weight;
    yy += line.y[m] * line.y[m];
  }
  return {line.value, line.value * std::sqrt(variance) / yy};
}

/// Gride's, at n1 = 1.
Influence likelihood_influence(PointTerms const& terms, std::size_t, Estimate const& estimate,
                               NeighborLists const& lists) {
  auto const points = static_cast<std::size_t>(lists.logs.points);
  if (terms.ratio.empty()) return {std::vector<double>(points), std::vector<double>(points)};
  return influence_on_root(terms, 0, estimate.value, lists);
}

/// The line has no separate influence function: it weights the same ratios as maximum likelihood does, only slightly
/// less efficiently.
Influence line_influence(PointTerms const& terms, std::size_t at, Estimate const& estimate,
                         NeighborLists const& lists) {
  auto const likelihood = maximum_likelihood(terms, at, statistics::undefined, 1);
  auto influence = likelihood_influence(terms, at, likelihood, lists);
  for (auto* part : {&influence.own, &influence.on_others})
    for (auto& value : *part) value *= estimate.se / likelihood.se;
  return influence;
}

}  // namespace

constinit Estimator const two_nn_ml{
    .name = "two_nn_ml",
    .family = "TwoNN",
    .variant = "maximum likelihood",
    .panel = "two_nn",
    .axis = Axis::none,
    .estimate = maximum_likelihood,
    .influence = likelihood_influence,
};

constinit Estimator const two_nn_ls{
    .name = "two_nn_ls",
    .family = "TwoNN",
    .variant = "least squares",
    .axis = Axis::none,
    .estimate = least_squares,
    .influence = line_influence,
};

}  // namespace mambasynth::analysis::dimension
