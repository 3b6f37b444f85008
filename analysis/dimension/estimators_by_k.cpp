#include <algorithm>
#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::dimension::estimators {
namespace {

// Guards of the original program (specification, section 5).
constexpr double least_distance = 1e-12;
constexpr double least_mean_log = 1e-10;

/// The value of each point, NaN where it has none, from the sum of its log ratios and how many those are.
double original_at(double sum, std::int32_t terms, std::int64_t k) {
  if (terms < k - 1) return 0;
  auto const mean_log = sum / static_cast<double>(k - 1);
  return mean_log > least_mean_log ? 1 / mean_log : statistics::undefined;
}
double unbiased_at(double sum, std::int32_t terms) {
  auto const count = static_cast<double>(terms);
  return count >= 2 && sum / count > least_mean_log ? (count - 1) / sum : statistics::undefined;
}
double inverse_at(double sum, std::int32_t terms) {
  return terms > 0 ? sum / static_cast<double>(terms) : statistics::undefined;
}

struct Mean {
  double total = 0, counted = 0;
  void add(double value) {
    if (std::isnan(value)) return;
    total += value;
    ++counted;
  }
  [[nodiscard]] double value() const { return counted > 0 ? total / counted : statistics::undefined; }
};

Estimate of_mean(Mean const& mean, std::int64_t k) {
  auto const value = mean.value();
  return {value, k > 3 ? value / std::sqrt(mean.counted * static_cast<double>(k - 3)) : statistics::undefined};
}

}  // namespace

ByK by_k(PointTerms::ByK const& terms, std::int64_t k) {
  auto const largest = terms.farthest.empty() ? 0 : *std::max_element(terms.farthest.begin(), terms.farthest.end());
  auto const guard = std::log(least_distance) + (std::isfinite(largest) ? std::min(0.0, largest) : 0);
  Mean original, unbiased, inverse;
  double logarithms = 0;
  for (std::size_t i = 0; i < terms.sum.size(); ++i) {
    if (terms.farthest[i] >= guard) original.add(original_at(terms.sum[i], terms.terms[i], k));
    unbiased.add(unbiased_at(terms.sum[i], terms.terms[i]));
    inverse.add(inverse_at(terms.sum[i], terms.terms[i]));
    logarithms += static_cast<double>(terms.terms[i]);
  }
  ByK found{of_mean(original, k), of_mean(unbiased, k), {statistics::undefined, statistics::undefined}};
  if (inverse.total > 0) {
    auto const value = inverse.counted / inverse.total;
    found.mackay_ghahramani = {value, value / std::sqrt(logarithms)};
  }
  return found;
}

InfluenceByK influence_by_k(PointTerms::ByK const& terms, std::int64_t k, ByK const& estimate, LogDistances const& logs,
                            std::span<std::int32_t const> index) {
  auto const points = terms.sum.size(), last = static_cast<std::size_t>(k - 1);
  auto const n = static_cast<double>(points);
  Influence const none{std::vector<double>(points), std::vector<double>(points)};
  InfluenceByK found{none, none, none};
  if (k > logs.k) return found;
  // d (1 / mean) = - (1 / mean)^2 d mean
  auto const per_inverse = -estimate.mackay_ghahramani.value * estimate.mackay_ghahramani.value / n;
  auto const own = [&](Influence& influence, std::size_t i, double value) {
    if (!std::isnan(value)) influence.own[i] = value;
  };
  for (std::size_t i = 0; i < points; ++i) {
    auto const sum = terms.sum[i];
    auto const count = terms.terms[i];
    auto const original = original_at(sum, count, k), unbiased = unbiased_at(sum, count),
               inverse = inverse_at(sum, count);
    own(found.levina_bickel_original, i, (original - estimate.levina_bickel_original.value) / n);
    own(found.levina_bickel, i, (unbiased - estimate.levina_bickel.value) / n);
    own(found.mackay_ghahramani, i, (inverse - 1 / estimate.mackay_ghahramani.value) * per_inverse);
    if (logs.zeros[i] > 0) continue;
    auto const log = logs.of(i);
    auto const whom = index.subspan(i * static_cast<std::size_t>(logs.k), last + 1);
    // Without neighbour j, neighbour k + 1 is the k-th.
    auto const further = last + 1 < log.size() ? static_cast<double>(last) * (log[last + 1] - log[last]) : 0;
    for (std::size_t j = 0; j <= last; ++j) {
      auto const rest = sum - (log[last] - log[j]) + further;
      auto const to = static_cast<std::size_t>(whom[j]);
      auto const add = [&](Influence& influence, double with, double without) {
        if (!std::isnan(with) && !std::isnan(without)) influence.on_others[to] += (with - without) / n;
      };
      add(found.levina_bickel_original, original, original_at(rest, count, k));
      add(found.levina_bickel, unbiased, unbiased_at(rest, count));
      found.mackay_ghahramani.on_others[to] += (inverse - inverse_at(rest, count)) * per_inverse;
    }
  }
  return found;
}

}  // namespace mambasynth::analysis::dimension::estimators
