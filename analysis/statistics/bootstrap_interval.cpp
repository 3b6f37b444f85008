#include "analysis/statistics/bootstrap_interval.hpp"

#include <boost/math/distributions/normal.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>

#include "analysis/statistics/resamples.hpp"

namespace mambasynth::analysis::statistics {
namespace {

/// From the skewness of the jackknife's values; for the mean, those without value i differ by (x_i - mean) / (n - 1).
double acceleration(std::span<double const> values, double mean) {
  double squares = 0, cubes = 0;
  for (auto const value : values) {
    auto const deviation = value - mean;
    squares += deviation * deviation;
    cubes += deviation * deviation * deviation;
  }
  return cubes / (6 * std::pow(squares, 1.5));
}

/// Of values in ascending order.
double trimmed_mean(std::span<double const> sorted) {
  auto const cut = sorted.size() / 4;
  double sum = 0;
  for (auto const value : sorted.subspan(cut, sorted.size() - 2 * cut)) sum += value;
  return sum / static_cast<double>(sorted.size() - 2 * cut);
}

ResampledStatistic of_one_stratum(std::span<double const> sorted) {
  ResampledStatistic resampled;
  std::vector<double> drawn;
  visit_resamples(sorted.size(), [&](auto const& counts, double probability) {
    drawn.clear();
    for (std::size_t i = 0; i < counts.size(); ++i)
      drawn.insert(drawn.end(), static_cast<std::size_t>(counts[i]), sorted[i]);
    resampled.add(trimmed_mean(drawn), probability);
  });
  return resampled;
}

ResampledStatistic of_strata(std::span<std::vector<double> const> strata) {
  ResampledStatistic resampled;
  std::mt19937_64 random;  // as in visit_resamples
  std::vector<double> drawn;
  for (int draw = 0; draw < resamples_drawn; ++draw) {
    drawn.clear();
    for (auto const& stratum : strata)
      for (std::size_t i = 0; i < stratum.size(); ++i) drawn.push_back(stratum[random() % stratum.size()]);
    std::sort(drawn.begin(), drawn.end());
    resampled.add(trimmed_mean(drawn), 1.0 / resamples_drawn);
  }
  return resampled;
}

}  // namespace

Interval bca_interval(std::span<double const> values) {
  auto interval = moments_of(values);
  if (interval.spread != Spread::estimated) return interval;
  ResampledStatistic means;
  visit_resamples(values.size(), [&](auto const& counts, double probability) {
    double sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) sum += counts[i] * values[i];
    means.add(sum / static_cast<double>(values.size()), probability);
  });
  means.sort();
  boost::math::normal const normal;
  auto const bias = quantile(normal, means.share_below(interval.mean));
  auto const skew = acceleration(values, interval.mean);
  auto const end = [&](double tail) {
    auto const z = bias + quantile(normal, tail);
    return means.quantile(cdf(normal, bias + z / (1 - skew * z)));
  };
  interval.low = end(lower_tail);
  interval.high = end(upper_tail);
  return interval;
}

double interquartile_mean(std::span<double const> values) {
  if (values.empty()) return undefined;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return trimmed_mean(sorted);
}

Interval iqm_interval(std::span<std::vector<double> const> strata) {
  std::vector<double> all;
  for (auto const& stratum : strata) all.insert(all.end(), stratum.begin(), stratum.end());
  std::sort(all.begin(), all.end());
  auto interval = moments_of(all);
  if (interval.spread != Spread::estimated) return interval;
  interval.mean = trimmed_mean(all);
  auto resampled = strata.size() == 1 ? of_one_stratum(all) : of_strata(strata);
  resampled.sort();
  interval.low = resampled.quantile(lower_tail);
  interval.high = resampled.quantile(upper_tail);
  return interval;
}

}  // namespace mambasynth::analysis::statistics
