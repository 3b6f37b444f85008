#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <omp.h>

#include "analysis/estimators.hpp"
#include "analysis/undefined.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::estimators {
namespace {

// Guards of the original program (specification, section 5).
constexpr double least_distance = 1e-12;
constexpr double least_mean_log = 1e-10;

/// Below, waiting for a thread that the machine has put aside takes longer than the work.
bool worth_threads(LogDistances const& logs) {
  constexpr std::size_t least = 1 << 20;  // logarithms: about 5 ms
  return logs.value.size() >= least;
}

/// sum_{j<k} ln(T_k/T_j) over the nonzero T_j, and how many those are, for each point. Differences are summed, not
/// logarithms: equal distances give exactly 0.
struct LogRatioSums {
  std::vector<double> sum;
  std::vector<std::int64_t> terms;
};

LogRatioSums log_ratio_sums(LogDistances const& logs, std::int64_t k, int threads) {
  auto const points = logs.zeros.size();
  LogRatioSums sums{std::vector<double>(points), std::vector<std::int64_t>(points)};
#pragma omp parallel for schedule(static) if (worth_threads(logs)) \
    num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::size_t i = 0; i < points; ++i) {
    auto const log = logs.of(i);
    auto const last = static_cast<std::size_t>(k - 1);
    double sum = 0;
    for (auto j = static_cast<std::size_t>(logs.zeros[i]); j < last; ++j) sum += log[last] - log[j];
    sums.sum[i] = sum;
    sums.terms[i] = std::max<std::int64_t>(0, k - 1 - logs.zeros[i]);
  }
  return sums;
}

/// Mean over those points that have a value (the others are NaN), as an estimate.
Estimate mean_of(std::vector<double> const& values, std::int64_t k, Blocks const& blocks) {
  double total = 0, counted = 0;
  for (auto const value : values) {
    if (std::isnan(value)) continue;
    total += value;
    ++counted;
  }
  if (counted == 0) return {undefined, undefined};
  auto const mean = total / counted;
  BlockSums scores(blocks);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isnan(values[i])) scores.add(i, values[i] - mean);
  return {mean, k > 3 ? mean / std::sqrt(counted * static_cast<double>(k - 3)) : undefined, scores.error(counted)};
}

Estimate original_of(LogDistances const& logs, std::int64_t k, LogRatioSums const& sums, Blocks const& blocks) {
  std::vector<double> values(sums.sum.size(), undefined);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (logs.neighbours.distances_of(static_cast<std::int64_t>(i))[static_cast<std::size_t>(k - 1)] < least_distance)
      continue;
    if (sums.terms[i] == k - 1) {
      auto const mean_log = sums.sum[i] / static_cast<double>(k - 1);
      if (mean_log > least_mean_log) values[i] = 1 / mean_log;
    } else {
      values[i] = 0;
    }
  }
  return mean_of(values, k, blocks);
}

Estimate unbiased_of(std::int64_t k, LogRatioSums const& sums, Blocks const& blocks) {
  std::vector<double> values(sums.sum.size(), undefined);
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const terms = static_cast<double>(sums.terms[i]);
    if (terms >= 2 && sums.sum[i] / terms > least_mean_log) values[i] = (terms - 1) / sums.sum[i];
  }
  return mean_of(values, k, blocks);
}

Estimate mackay_ghahramani_of(LogRatioSums const& sums, Blocks const& blocks) {
  double inverses = 0, counted = 0, terms = 0;
  for (std::size_t i = 0; i < sums.sum.size(); ++i) {
    if (sums.terms[i] == 0) continue;
    inverses += sums.sum[i] / static_cast<double>(sums.terms[i]);
    terms += static_cast<double>(sums.terms[i]);
    ++counted;
  }
  if (!(inverses > 0)) return {undefined, undefined};
  auto const value = counted / inverses;
  BlockSums scores(blocks);
  for (std::size_t i = 0; i < sums.sum.size(); ++i)
    if (sums.terms[i] > 0) scores.add(i, 1 / value - sums.sum[i] / static_cast<double>(sums.terms[i]));
  return {value, value / std::sqrt(terms), scores.error(counted / (value * value))};
}

}  // namespace

LogDistances log_distances(Neighbours const& neighbours, int threads) {
  LogDistances logs{neighbours, std::vector<double>(neighbours.distance.size()),
                    std::vector<std::int32_t>(static_cast<std::size_t>(neighbours.points))};
#pragma omp parallel for schedule(static) if (worth_threads(logs)) \
    num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::int64_t i = 0; i < neighbours.points; ++i) {
    auto const distance = neighbours.distances_of(i);
    auto* const log = logs.value.data() + i * neighbours.k;
    std::int32_t zeros = 0;
    for (std::size_t j = 0; j < distance.size(); ++j) {
      zeros += distance[j] == 0;
      log[j] = std::log(distance[j]);
    }
    logs.zeros[static_cast<std::size_t>(i)] = zeros;
  }
  return logs;
}

ByK by_k(LogDistances const& logs, std::int64_t k, Blocks const& blocks, int threads) {
  if (k < 3 || k > logs.neighbours.k)
    throw errors::usage(fmt::format("intrinsic dimension at k = {} with {} neighbours a point", k, logs.neighbours.k),
                        "the estimators divide by k - 2 and need all k neighbours",
                        "use 3 <= k, smaller than the number of points");
  auto const sums = log_ratio_sums(logs, k, threads);
  return {original_of(logs, k, sums, blocks), unbiased_of(k, sums, blocks), mackay_ghahramani_of(sums, blocks)};
}

}  // namespace mambasynth::analysis::estimators
