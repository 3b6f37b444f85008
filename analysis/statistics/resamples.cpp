#include "analysis/statistics/resamples.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::statistics {
namespace {

/// Fills counts from `at` on with `left` draws in all ways. `ways` counts the orders of the draws so far, as a share of
/// all n^n sequences once none is left.
void enumerate(std::vector<std::int32_t>& counts, std::size_t at, std::int32_t left, double ways,
               VisitResample const& visit) {
  auto const n = static_cast<double>(counts.size());
  if (at + 1 == counts.size()) {
    counts[at] = left;
    visit(counts, ways / std::pow(n, n));
    return;
  }
  double chosen = 1;  // left choose k
  for (std::int32_t k = 0; k <= left; ++k) {
    counts[at] = k;
    enumerate(counts, at + 1, left - k, ways * chosen, visit);
    chosen = chosen * (left - k) / (k + 1);
  }
}

}  // namespace

void visit_resamples(std::size_t n, VisitResample const& visit, int drawn) {
  if (n == 0) return;
  std::vector<std::int32_t> counts(n);
  if (n <= most_enumerated) {
    enumerate(counts, 0, static_cast<std::int32_t>(n), 1, visit);
    return;
  }
  std::mt19937_64 random;  // default seed; the C++ standard fixes its numbers
  for (int draw = 0; draw < drawn; ++draw) {
    std::fill(counts.begin(), counts.end(), 0);
    for (std::size_t i = 0; i < n; ++i) ++counts[random() % n];
    visit(counts, 1.0 / drawn);
  }
}

void ResampledStatistic::sort() {
  std::sort(values_.begin(), values_.end(), [](auto const& a, auto const& b) { return a.value < b.value; });
}

double ResampledStatistic::quantile(double p) const {
  if (values_.empty()) return undefined;
  double all = 0;  // below 1 if the statistic is undefined for some resamples
  for (auto const& [value, probability] : values_) all += probability;
  constexpr double rounding = 1e-12;
  double sum = 0;
  for (auto const& [value, probability] : values_)
    if ((sum += probability) >= (p - rounding) * all) return value;
  return values_.back().value;
}

double ResampledStatistic::share_below(double value) const {
  if (values_.empty()) return undefined;
  constexpr double rounding = 1e-12;
  auto const equal = rounding * std::max(std::abs(values_.front().value), std::abs(values_.back().value));
  double share = 0, all = 0;
  for (auto const& [other, probability] : values_) {
    all += probability;
    if (std::abs(other - value) <= equal) share += probability / 2;
    else if (other < value) share += probability;
  }
  return share / all;
}

}  // namespace mambasynth::analysis::statistics
