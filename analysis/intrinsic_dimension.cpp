#include "analysis/intrinsic_dimension.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "errors/errors.hpp"

namespace mambasynth::analysis {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void require_k(Neighbours const& neighbours, std::int64_t k) {
  if (k >= 3 && k <= neighbours.k) return;
  throw errors::usage(fmt::format("intrinsic dimension at k = {} with {} neighbours a point", k, neighbours.k),
                      "the estimators divide by k - 2 and need all k neighbours",
                      "use 3 <= k, smaller than the number of points");
}

/// sum_{j<k} ln(T_k/T_j) over the nonzero T_j, and how many those are, for each point.
struct LogRatioSums {
  std::vector<double> sum;
  std::vector<std::int64_t> terms;
};

LogRatioSums log_ratio_sums(Neighbours const& neighbours, std::int64_t k, int threads) {
  auto const points = static_cast<std::size_t>(neighbours.points);
  LogRatioSums sums{std::vector<double>(points), std::vector<std::int64_t>(points)};
#pragma omp parallel for schedule(static) num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (std::size_t i = 0; i < points; ++i) {
    auto const* const distance = neighbours.distance.data() + i * static_cast<std::size_t>(neighbours.k);
    double sum = 0;
    std::int64_t terms = 0;
    for (std::int64_t j = 0; j < k - 1; ++j) {
      if (distance[j] == 0) continue;
      sum += std::log(distance[k - 1] / distance[j]);
      ++terms;
    }
    sums.sum[i] = sum;
    sums.terms[i] = terms;
  }
  return sums;
}

// Guards of the original program (specification, section 5).
constexpr double least_distance = 1e-12;
constexpr double least_mean_log = 1e-10;

Estimate original_of(Neighbours const& neighbours, std::int64_t k, LogRatioSums const& sums) {
  double total = 0;
  double counted = 0;
  for (std::size_t i = 0; i < sums.sum.size(); ++i) {
    auto const farthest = neighbours.distance[i * static_cast<std::size_t>(neighbours.k) + static_cast<std::size_t>(k - 1)];
    if (farthest < least_distance) continue;
    if (sums.terms[i] == k - 1) {
      auto const mean_log = sums.sum[i] / static_cast<double>(k - 1);
      if (mean_log <= least_mean_log) continue;
      total += 1 / mean_log;
    }
    ++counted;
  }
  if (counted == 0) return {nan, nan};
  auto const value = total / counted;
  return {value, k > 3 ? value / std::sqrt(counted * static_cast<double>(k - 3)) : nan};
}

Estimate unbiased_of(std::int64_t k, LogRatioSums const& sums) {
  double total = 0;
  double counted = 0;
  for (std::size_t i = 0; i < sums.sum.size(); ++i) {
    auto const terms = static_cast<double>(sums.terms[i]);
    if (terms < 2 || sums.sum[i] / terms <= least_mean_log) continue;
    total += (terms - 1) / sums.sum[i];
    ++counted;
  }
  if (counted == 0) return {nan, nan};
  auto const value = total / counted;
  return {value, k > 3 ? value / std::sqrt(counted * static_cast<double>(k - 3)) : nan};
}

Estimate mackay_ghahramani_of(LogRatioSums const& sums) {
  double inverses = 0;
  double counted = 0;
  double terms = 0;
  for (std::size_t i = 0; i < sums.sum.size(); ++i) {
    if (sums.terms[i] == 0) continue;
    inverses += sums.sum[i] / static_cast<double>(sums.terms[i]);
    terms += static_cast<double>(sums.terms[i]);
    ++counted;
  }
  if (!(inverses > 0)) return {nan, nan};
  auto const value = counted / inverses;
  return {value, value / std::sqrt(terms)};
}

/// ln(T_n2/T_n1) of each point that has as many nonzero distances.
std::vector<double> log_ratios(Neighbours const& neighbours, std::int64_t n1, std::int64_t n2) {
  std::vector<double> ratios;
  ratios.reserve(static_cast<std::size_t>(neighbours.points));
  for (std::int64_t i = 0; i < neighbours.points; ++i) {
    auto const distance = neighbours.distances_of(i);
    auto const zeros = std::upper_bound(distance.begin(), distance.end(), 0.0) - distance.begin();
    if (zeros + n2 > neighbours.k) continue;
    ratios.push_back(std::log(distance[static_cast<std::size_t>(zeros + n2 - 1)] /
                              distance[static_cast<std::size_t>(zeros + n1 - 1)]));
  }
  return ratios;
}

void require_two(Neighbours const& neighbours) {
  if (neighbours.k >= 2) return;
  throw errors::usage("TwoNN with one neighbour a point", "it is the ratio of the first two distances",
                      "compute at least two neighbours");
}

/// l / (1 - e^(-d l)), with its limit 1/d at l = 0.
double damped(double l, double d) { return l > 0 ? l / -std::expm1(-d * l) : 1 / d; }

}  // namespace

Estimate levina_bickel_original(Neighbours const& neighbours, std::int64_t k) {
  require_k(neighbours, k);
  return original_of(neighbours, k, log_ratio_sums(neighbours, k, 0));
}

Estimate levina_bickel(Neighbours const& neighbours, std::int64_t k) {
  require_k(neighbours, k);
  return unbiased_of(k, log_ratio_sums(neighbours, k, 0));
}

Estimate mackay_ghahramani(Neighbours const& neighbours, std::int64_t k) {
  require_k(neighbours, k);
  return mackay_ghahramani_of(log_ratio_sums(neighbours, k, 0));
}

Estimate two_nn_ml(Neighbours const& neighbours) {
  require_two(neighbours);
  double sum = 0;
  auto const ratios = log_ratios(neighbours, 1, 2);
  for (auto const ratio : ratios) sum += ratio;
  auto const n = static_cast<double>(ratios.size());
  if (!(sum > 0) || n < 2) return {nan, nan};
  auto const value = (n - 1) / sum;
  return {value, n > 2 ? value / std::sqrt(n - 2) : nan};
}

Estimate two_nn_ls(Neighbours const& neighbours) {
  require_two(neighbours);
  auto ratios = log_ratios(neighbours, 1, 2);
  std::sort(ratios.begin(), ratios.end());
  auto const n = ratios.size();
  auto const used = n * 9 / 10;
  double xy = 0;
  double xx = 0;
  double yy = 0;
  std::vector<double> y(used);
  for (std::size_t i = 0; i < used; ++i) {
    y[i] = -std::log1p(-static_cast<double>(i + 1) / static_cast<double>(n));
    xy += ratios[i] * y[i];
    xx += ratios[i] * ratios[i];
    yy += y[i] * y[i];
  }
  if (!(xx > 0)) return {nan, nan};
  // Renyi: the i-th smallest of n exponentials is sum_{m<=i} Z_m / (n-m+1) with independent Z_m of variance 1.
  double tail = 0;
  double variance = 0;
  for (std::size_t m = used; m-- > 0;) {
    tail += y[m];
    auto const weight = tail / static_cast<double>(n - m);
    variance += weight * weight;
  }
  auto const value = xy / xx;
  return {value, value * std::sqrt(variance) / yy};
}

Estimate gride(Neighbours const& neighbours, std::int64_t n1) {
  auto const n2 = 2 * n1;
  if (n1 < 1 || n2 > neighbours.k) {
    throw errors::usage(fmt::format("Gride at n1 = {} with {} neighbours a point", n1, neighbours.k),
                        "it compares the distances of neighbours n1 and 2 n1", "use a smaller n1 or more neighbours");
  }
  auto const ratios = log_ratios(neighbours, n1, n2);
  auto const n = static_cast<double>(ratios.size());
  auto const outer = static_cast<double>(n2 - 1);
  auto const inner = static_cast<double>(n2 - n1 - 1);
  double sum = 0;
  for (auto const ratio : ratios) sum += ratio;
  if (!(sum > 0) || n < 2) return {nan, nan};

  // The derivative of the log-likelihood in d; it falls strictly, so the root is the only one.
  auto const slope = [&](double d) {
    double value = (n - 1) / d - outer * sum;
    if (inner > 0) {
      for (auto const ratio : ratios) value += inner * damped(ratio, d);
    }
    return value;
  };
  double low = (n - 1) / (outer * sum);
  while (slope(low) < 0) low /= 2;
  double high = 2 * low;
  while (slope(high) > 0) high *= 2;
  while (high - low > 1e-14 * high) {
    auto const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    (slope(middle) > 0 ? low : high) = middle;
  }
  auto const d = (low + high) / 2;
  double information = n / (d * d);
  for (auto const ratio : ratios) {
    auto const term = damped(ratio, d);
    information += inner * std::exp(-d * ratio) * term * term;
  }
  return {d, 1 / std::sqrt(information)};
}

DimensionEstimates estimate_all(Neighbours const& neighbours, std::vector<std::int64_t> const& ks, int threads) {
  DimensionEstimates all;
  all.points = neighbours.points;
  for (std::int64_t i = 0; i < neighbours.points; ++i) all.duplicates += neighbours.distances_of(i)[0] == 0;
  all.k = ks;
  for (auto const k : ks) {
    require_k(neighbours, k);
    auto const sums = log_ratio_sums(neighbours, k, threads);
    all.levina_bickel_original.push_back(original_of(neighbours, k, sums));
    all.levina_bickel.push_back(unbiased_of(k, sums));
    all.mackay_ghahramani.push_back(mackay_ghahramani_of(sums));
  }
  all.two_nn_ml = two_nn_ml(neighbours);
  all.two_nn_ls = two_nn_ls(neighbours);
  for (std::int64_t n1 = 1; n1 <= gride_longest_n1 && 2 * n1 <= neighbours.k; n1 *= 2) {
    all.n1.push_back(n1);
    all.gride.push_back(gride(neighbours, n1));
  }
  return all;
}

template <class T>
DimensionEstimates estimate_all(std::span<T const> rows, std::int64_t points, std::int64_t dims,
                                std::vector<std::int64_t> const& ks, int threads) {
  auto k = std::min(2 * gride_longest_n1, points - 1);
  for (auto const wanted : ks) k = std::max(k, wanted);
  return estimate_all(nearest_neighbours(rows, points, dims, k, threads), ks, threads);
}

template DimensionEstimates estimate_all(std::span<float const>, std::int64_t, std::int64_t,
                                         std::vector<std::int64_t> const&, int);
template DimensionEstimates estimate_all(std::span<double const>, std::int64_t, std::int64_t,
                                         std::vector<std::int64_t> const&, int);

}  // namespace mambasynth::analysis
