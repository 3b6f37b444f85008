#include "oracle/dwell.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace mambasynth::oracle {
namespace {

// A distribution over this many revolutions cannot be stored, so a larger count need not be exact.
constexpr double beyond_any_filter = 1e9;

/// P(Z > z), accurate far into the tail.
double upper_tail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

/// P(a < Z <= b) without cancellation in either tail.
double normal_between(double a, double b) {
  if (a > 0) return upper_tail(a) - upper_tail(b);
  if (b < 0) return upper_tail(-b) - upper_tail(-a);
  return 1 - upper_tail(-a) - upper_tail(b);
}

}  // namespace

std::int64_t most_revolutions(std::int64_t period, double mean, double std) {
  auto const p = static_cast<double>(period);
  // Start slightly before the point at which the normal tail is dwell_tail; the last revolutions are searched one by
  // one.
  constexpr double inside = 7.0;
  if (!((mean + inside * std) / p < beyond_any_filter)) return static_cast<std::int64_t>(beyond_any_filter);
  if (std == 0) return static_cast<std::int64_t>(std::max(1.0, std::nearbyint(mean / p)));
  auto k = static_cast<std::int64_t>(std::max(1.0, std::floor((mean + inside * std) / p - 0.5)));
  while (upper_tail(((static_cast<double>(k) + 0.5) * p - mean) / std) > dwell_tail) ++k;
  return k;
}

std::vector<double> dwell_law(std::int64_t period, double mean, double std) {
  std::vector<double> law(static_cast<std::size_t>(most_revolutions(period, mean, std)), 0.0);
  if (std == 0) {
    law.back() = 1;
    return law;
  }
  auto const edge = [&](std::size_t revolutions) {
    return ((static_cast<double>(revolutions) + 0.5) * static_cast<double>(period) - mean) / std;
  };
  law[0] = 1 - upper_tail(edge(1));
  if (edge(1) < 0) law[0] = upper_tail(-edge(1));
  for (std::size_t j = 1; j < law.size(); ++j) law[j] = normal_between(edge(j), edge(j + 1));
  auto const sum = std::accumulate(law.begin(), law.end(), 0.0);
  for (double& p : law) p /= sum;
  return law;
}

std::vector<double> survival_of(std::vector<double> const& law) {
  std::vector<double> survival(law.size());
  double sum = 0;
  for (std::size_t e = law.size(); e-- > 0;) survival[e] = sum += law[e];
  return survival;
}

}  // namespace mambasynth::oracle
