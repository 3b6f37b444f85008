#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

namespace mambasynth::store {

/// Whether double represents the integer exactly. Above 2^53 it represents only some integers, and neighboring ones
/// become equal.
template <std::integral Whole>
constexpr bool exact_in_double(Whole value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if constexpr (std::is_signed_v<Whole>)
    if (value < 0) magnitude = 0 - magnitude;
  return magnitude == 0 ||
         std::bit_width(magnitude) - std::countr_zero(magnitude) <= std::numeric_limits<double>::digits;
}

/// Why integers cannot be converted exactly, and the remedy.
struct Rounded {
  std::string why, remedy;
};

/// Converts 64-bit integers, given as the bits of `values`, to double in place. A column (of `columns`, the fastest
/// axis) with a number that double would round is shifted by its minimum, which leaves differences of rows unchanged.
/// Reports a column whose range is too large even for that; `values` is then undefined.
std::optional<Rounded> to_exact_columns(std::span<double> values, bool with_sign, std::int64_t columns);

}  // namespace mambasynth::store
