#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Squares of distances have only half the exponent range of double: rows beyond it are scaled, and distances whose
/// squares still underflow are computed separately.
namespace mambasynth::analysis::neighbors {

/// Rows times 2^exponent. Estimates of dimension do not depend on it; distances are those of the rows times 2^exponent.
struct ScaledRows {
  std::vector<double> copy;  ///< empty if nothing had to be scaled
  std::span<double const> rows;
  int exponent = 0;
};

/// Rows whose largest value is within 2^-300 .. 2^300 and whose smallest is not below 2^-900 stay as they are; others
/// are scaled to at most 2^400, so that differences down to the smallest denormal number are covered. rows: (point,
/// dims), finite. Errors: errors::input if values differ so much in size that no power of two brings all of them into
/// the range of double.
ScaledRows scaled_rows(std::span<double const> rows, std::int64_t dims);

/// The distance of two rows. Squares that would underflow are summed in scaled form.
struct Apart {
  static constexpr double least_square = 0x1p-800;  ///< above this, underflow changes a sum by less than 2^-200 of it
  static constexpr int unit = 600;

  bool small = false;  ///< `squared` is scaled by 2^(2 unit)
  double squared = 0;

  Apart(double const* a, double const* b, std::int64_t dims, double plain)
      : small(plain < least_square), squared(plain) {
    if (!small) return;
    squared = 0;
    for (std::int64_t c = 0; c < dims; ++c) {
      auto const difference = std::ldexp(a[c] - b[c], unit);
      squared = std::fma(difference, difference, squared);
    }
  }
  [[nodiscard]] double distance() const { return small ? std::ldexp(std::sqrt(squared), -unit) : std::sqrt(squared); }
  friend bool operator<(Apart const& a, Apart const& b) { return a.small != b.small ? a.small : a.squared < b.squared; }
};

/// Whether distinct rows can be closer than Apart::least_square. Never in single precision.
bool may_be_small(std::span<double const> rows);
inline bool may_be_small(std::span<float const>) { return false; }

}  // namespace mambasynth::analysis::neighbors
