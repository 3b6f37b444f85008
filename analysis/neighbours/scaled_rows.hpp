#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Squares of distances have half of double's range: what lies beyond is scaled, and what is left of it measured apart.
namespace mambasynth::analysis::neighbours {

/// Rows times 2^exponent. Estimates of dimension do not depend on it; distances are those of the rows times 2^exponent.
struct ScaledRows {
  std::vector<double> copy;  ///< empty where nothing had to be scaled
  std::span<double const> rows;
  int exponent = 0;
};

/// Rows whose largest value lies within 2^-300 .. 2^300, and whose least is not below 2^-900, stay as they are; others
/// come to 2^400 at most, from where differences down to the least denormal number reach. rows: (point, dims), finite.
/// Errors: errors::input where values lie so far apart that no power of two brings all into the range of double.
ScaledRows scaled_rows(std::span<double const> rows, std::int64_t dims);

/// The distance of two rows. Squares that would vanish are summed in a unit of their own.
struct Apart {
  static constexpr double least_square = 0x1p-800;  ///< underflow changes larger sums by less than 2^-200 of them
  static constexpr int unit = 600;

  bool small = false;  ///< `squared` is times 2^(2 unit)
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

/// Whether rows can lie closer than Apart::least_square without being equal. Never in single precision.
bool may_be_small(std::span<double const> rows);
inline bool may_be_small(std::span<float const>) { return false; }

}  // namespace mambasynth::analysis::neighbours
