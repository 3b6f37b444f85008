#include "analysis/statistics/bounded_interval.hpp"

#include <algorithm>
#include <cmath>

namespace mambasynth::analysis::statistics {
namespace {

double to_scale(double value, Bounds const& bounds) {
  bool const below = std::isfinite(bounds.low), above = std::isfinite(bounds.high);
  return (below ? std::log(value - bounds.low) : 0) - (above ? std::log(bounds.high - value) : 0);
}

double slope_of_scale(double value, Bounds const& bounds) {
  return 1 / (value - bounds.low) + 1 / (bounds.high - value);  // 0 from a bound at infinity
}

double from_scale(double value, Bounds const& bounds) {
  if (!std::isfinite(bounds.high)) return bounds.low + std::exp(value);
  if (!std::isfinite(bounds.low)) return bounds.high - std::exp(-value);
  return bounds.low + (bounds.high - bounds.low) / (1 + std::exp(-value));
}

}  // namespace

Interval bounded_interval(std::span<double const> values, Bounds const& bounds) {
  auto interval = interval_of(values);
  bool const bounded = std::isfinite(bounds.low) || std::isfinite(bounds.high);
  bool const inside = std::all_of(values.begin(), values.end(),
                                  [&](double value) { return value >= bounds.low && value <= bounds.high; });
  bool const mean_inside = interval.mean > bounds.low && interval.mean < bounds.high;  // not by rounding
  if (interval.spread != Spread::estimated || !bounded || !inside || !mean_inside) return interval;
  auto const center = to_scale(interval.mean, bounds);
  auto const half = slope_of_scale(interval.mean, bounds) * (interval.high - interval.mean);
  interval.low = from_scale(center - half, bounds);
  interval.high = from_scale(center + half, bounds);
  return interval;
}

}  // namespace mambasynth::analysis::statistics
