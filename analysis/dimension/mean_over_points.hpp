#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dimension/estimator.hpp"
#include "analysis/statistics/undefined.hpp"

/// Private to this room: shared by the estimators that average a quantity over points, each from the point's k nearest
/// neighbors.
namespace mambasynth::analysis::dimension {

/// Mean of the values that are defined.
struct Mean {
  double total = 0, counted = 0;
  void add(double value) {
    if (std::isnan(value)) return;
    total += value;
    ++counted;
  }
  [[nodiscard]] double value() const { return counted > 0 ? total / counted : statistics::undefined; }
};

/// With the error of a mean of m_i that have variance d^2 / (k-3) each.
inline Estimate estimate_of(Mean const& mean, std::int64_t k) {
  auto const value = mean.value();
  return {value, k > 3 ? value / std::sqrt(mean.counted * static_cast<double>(k - 3)) : statistics::undefined};
}

/// Influence on the mean over points of `value_of(sum, terms)`, given the sum and the number of a point's log ratios;
/// `in_units` turns a difference of one point's value into a change of the estimate.
template <class ValueOf, class InUnits>
Influence influence_on_mean(PointTerms const& all, std::size_t at, double mean, NeighborLists const& lists,
                            ValueOf value_of, InUnits in_units) {
  auto const& terms = all.by_k[at];
  auto const& logs = lists.logs;
  auto const points = terms.sum.size(), last = static_cast<std::size_t>(all.ranks.k[at] - 1);
  Influence found{std::vector<double>(points), std::vector<double>(points)};
  if (all.ranks.k[at] > logs.k) return found;
  for (std::size_t i = 0; i < points; ++i) {
    auto const sum = terms.sum[i];
    auto const count = terms.terms[i];
    auto const with = value_of(sum, count);
    if (auto const own = in_units(with - mean); !std::isnan(own)) found.own[i] = own;
    if (logs.zeros[i] > 0) continue;
    auto const log = logs.of(i);
    auto const neighbors = lists.index.subspan(i * static_cast<std::size_t>(logs.k), last + 1);
    // Without neighbor j, neighbor k + 1 is the k-th.
    auto const further = last + 1 < log.size() ? static_cast<double>(last) * (log[last + 1] - log[last]) : 0;
    for (std::size_t j = 0; j <= last; ++j) {
      auto const without = value_of(sum - (log[last] - log[j]) + further, count);
      if (!std::isnan(with) && !std::isnan(without))
        found.on_others[static_cast<std::size_t>(neighbors[j])] += in_units(with - without);
    }
  }
  return found;
}

}  // namespace mambasynth::analysis::dimension
