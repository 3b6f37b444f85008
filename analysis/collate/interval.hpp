#pragma once

#include <cstdint>
#include <span>

namespace mambasynth::analysis::collate {

/// Mean, usually over seeds, with its 95 % confidence interval by Student's t. NaN where undefined: everything without
/// values; sd and interval with a single value.
struct Interval {
  std::int64_t n = 0;
  double mean, sd, low, high;
};
Interval interval_of(std::span<double const> values);

}  // namespace mambasynth::analysis::collate
