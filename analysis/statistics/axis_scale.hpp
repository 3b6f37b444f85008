#pragma once

#include <span>
#include <vector>

namespace mambasynth::analysis::statistics {

/// The scale on which the values of an axis are best compared.
struct AxisScale {
  bool logarithmic = false;
  std::vector<double> apart;  ///< without a place on that scale: 0 where it is logarithmic

  /// Place of a value: log10 or the value itself; NaN if it is set apart.
  [[nodiscard]] double place(double value) const;
};

/// Logarithmic if no value is negative, at least three are positive, and these are spaced more evenly by ratio than by
/// difference (the largest over the smallest step). A 0 has no logarithm: it is set apart if the others span a factor
/// of ten or more, and otherwise keeps the scale linear.
AxisScale axis_scale_of(std::span<double const> values);

}  // namespace mambasynth::analysis::statistics
