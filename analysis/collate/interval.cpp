#include "analysis/collate/interval.hpp"

#include <cmath>
#include <limits>

#include "analysis/statistics/student_t.hpp"

namespace mambasynth::analysis::collate {

Interval interval_of(std::span<double const> values) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  auto const n = static_cast<std::int64_t>(values.size());
  if (n == 0) return {0, nan, nan, nan, nan};
  double sum = 0;
  for (auto const value : values) sum += value;
  auto const mean = sum / static_cast<double>(n);
  if (n == 1) return {1, mean, nan, nan, nan};
  double squares = 0;
  for (auto const value : values) squares += (value - mean) * (value - mean);
  auto const sd = std::sqrt(squares / static_cast<double>(n - 1));
  auto const half = statistics::interval_quantile(n - 1) * sd / std::sqrt(static_cast<double>(n));
  return {n, mean, sd, mean - half, mean + half};
}

}  // namespace mambasynth::analysis::collate
