#include "analysis/statistics/trend.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/statistics/resamples.hpp"
#include "analysis/statistics/spearman.hpp"

namespace mambasynth::analysis::statistics {
namespace {

/// NaN for fewer than two places that differ.
double slope_of(std::span<double const> places, std::span<double const> values) {
  double count = 0, mean_place = 0, mean_value = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (std::isnan(places[i])) continue;
    ++count;
    mean_place += places[i];
    mean_value += values[i];
  }
  mean_place /= count;
  mean_value /= count;
  double products = 0, squares = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (std::isnan(places[i])) continue;
    products += (places[i] - mean_place) * (values[i] - mean_value);
    squares += (places[i] - mean_place) * (places[i] - mean_place);
  }
  return squares > 0 ? products / squares : undefined;
}

/// Over the cells' means, each seed counted as often as drawn.
double spearman_of(std::span<double const> x, std::vector<std::vector<double> const*> const& seeds,
                   std::span<std::int32_t const> counts) {
  std::vector<double> sums(x.size());
  for (std::size_t s = 0; s < seeds.size(); ++s)
    for (std::size_t i = 0; i < x.size(); ++i) sums[i] += counts[s] * (*seeds[s])[i];
  return spearman(x, sums);
}

}  // namespace

Trend trend_of(std::span<double const> x, std::span<std::vector<double> const> of_seed) {
  Trend trend{.scale = axis_scale_of(x), .cells = static_cast<std::int64_t>(x.size())};
  std::vector<double> places;
  for (auto const value : x) places.push_back(trend.scale.place(value));
  std::vector<std::vector<double> const*> seeds;
  std::vector<double> slopes;
  for (auto const& values : of_seed) {
    bool const whole = std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
    if (!whole) {
      ++trend.left_out;
      continue;
    }
    seeds.push_back(&values);
    if (auto const slope = slope_of(places, values); std::isfinite(slope)) slopes.push_back(slope);
  }
  trend.slope = interval_of(slopes);
  if (seeds.empty()) return trend;
  trend.spearman = spearman_of(x, seeds, std::vector<std::int32_t>(seeds.size(), 1));
  if (seeds.size() < 2 || std::isnan(trend.spearman)) return trend;
  ResampledStatistic resampled;
  constexpr int drawn = 2000;  // each ranks all cells again, and the percentiles are coarse in any case
  visit_resamples(
      seeds.size(),
      [&](auto const& counts, double probability) {
        if (auto const rho = spearman_of(x, seeds, counts); std::isfinite(rho)) resampled.add(rho, probability);
      },
      drawn);
  resampled.sort();
  trend.spearman_low = resampled.quantile(lower_tail);
  trend.spearman_high = resampled.quantile(upper_tail);
  return trend;
}

}  // namespace mambasynth::analysis::statistics
