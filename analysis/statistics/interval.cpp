#include "analysis/statistics/interval.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics/student_t.hpp"

namespace mambasynth::analysis::statistics {
namespace {

/// Up to rounding: a seed's value may itself be a mean of equal values.
bool all_equal(std::span<double const> values) {
  constexpr double rounding = 1e-12;
  auto const [least, most] = std::minmax_element(values.begin(), values.end());
  return *most - *least <= rounding * std::max(std::abs(*least), std::abs(*most));
}

}  // namespace

Interval moments_of(std::span<double const> values) {
  Interval moments;
  moments.n = static_cast<std::int64_t>(values.size());
  if (values.empty()) {
    moments.spread = Spread::no_value;
    return moments;
  }
  auto const n = static_cast<double>(values.size());
  double sum = 0;
  for (auto const value : values) sum += value;
  moments.mean = sum / n;
  if (values.size() == 1) {
    moments.spread = Spread::one_value;
    return moments;
  }
  if (all_equal(values)) {
    moments.spread = Spread::equal_values;
    moments.mean = values.front();  // the mean of equal numbers is rounded
    moments.sd = 0;
    return moments;
  }
  double squares = 0;
  for (auto const value : values) squares += (value - moments.mean) * (value - moments.mean);
  moments.sd = std::sqrt(squares / (n - 1));
  return moments;
}

Interval interval_of(std::span<double const> values) {
  auto interval = moments_of(values);
  if (interval.spread != Spread::estimated) return interval;
  auto const half = interval_quantile(interval.n - 1) * interval.sd / std::sqrt(static_cast<double>(interval.n));
  interval.low = interval.mean - half;
  interval.high = interval.mean + half;
  return interval;
}

}  // namespace mambasynth::analysis::statistics
