#include "analysis/statistics/bounded_interval.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mambasynth::analysis::statistics {
namespace {

double to_scale(double value, Bounds const& bounds) {
  bool const below = std::isfinite(bounds.low), above = std::isfinite(bounds.high);
  return (below ? std::log(value - bounds.low) : 0) - (above ? std::log(bounds.high - value) : 0);
}

double from_scale(double value, Bounds const& bounds) {
  if (!std::isfinite(bounds.high)) return bounds.low + std::exp(value);
  if (!std::isfinite(bounds.low)) return bounds.high - std::exp(-value);
  return bounds.low + (bounds.high - bounds.low) / (1 + std::exp(-value));
}

Interval clipped(Interval interval, Bounds const& bounds) {
  interval.clipped = interval.low < bounds.low || interval.high > bounds.high;
  interval.low = std::max(interval.low, bounds.low);
  interval.high = std::min(interval.high, bounds.high);
  return interval;
}

}  // namespace

Interval bounded_interval(std::span<double const> values, Bounds const& bounds) {
  auto const plain = interval_of(values);
  bool const unbounded = !std::isfinite(bounds.low) && !std::isfinite(bounds.high);
  if (plain.spread != Spread::estimated || unbounded) return plain;
  bool const outside = std::any_of(values.begin(), values.end(),
                                   [&](double value) { return value < bounds.low || value > bounds.high; });
  if (outside) return plain;  // these are not the bounds of the quantity
  bool const inside = std::all_of(values.begin(), values.end(),
                                  [&](double value) { return value > bounds.low && value < bounds.high; });
  if (!inside) return clipped(plain, bounds);
  std::vector<double> on_scale;
  for (auto const value : values) on_scale.push_back(to_scale(value, bounds));
  auto const there = interval_of(on_scale);
  auto interval = plain;
  interval.low = from_scale(there.low, bounds);
  interval.high = from_scale(there.high, bounds);
  bool const holds_mean = interval.low <= interval.mean && interval.mean <= interval.high;
  return holds_mean ? interval : clipped(plain, bounds);
}

}  // namespace mambasynth::analysis::statistics
