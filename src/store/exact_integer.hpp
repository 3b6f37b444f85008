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

/// Whether double holds the whole number as it is: above 2^53 it holds a part of them only, and neighbouring ones
/// become equal.
template <std::integral Whole>
constexpr bool exact_in_double(Whole value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if constexpr (std::is_signed_v<Whole>)
    if (value < 0) magnitude = 0 - magnitude;
  return magnitude == 0 ||
         std::bit_width(magnitude) - std::countr_zero(magnitude) <= std::numeric_limits<double>::digits;
}

/// Why integers stay integers, and what to do.
struct Rounded {
  std::string why, remedy;
};

/// Turns 64-bit integers, given as the bits of `values`, into their numbers, in place. A column (of `columns`, the
/// fastest axis) of which double precision would round a number is moved by its least one, which leaves differences of
/// rows as they are. Says where a column spans too much for that, and leaves `values` undefined then.
std::optional<Rounded> to_exact_columns(std::span<double> values, bool with_sign, std::int64_t columns);

}  // namespace mambasynth::store
