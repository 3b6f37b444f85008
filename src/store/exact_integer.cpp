#include "store/exact_integer.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace mambasynth::store {

std::optional<Rounded> to_exact_columns(std::span<double> values, bool with_sign, std::int64_t columns) {
  auto const width = static_cast<std::size_t>(columns);
  auto const bits = [&](std::size_t i) { return std::bit_cast<std::uint64_t>(values[i]); };
  // Maps signed and unsigned integers to unsigned ones in the same order.
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  auto const ordered = [&](std::size_t i) { return with_sign ? bits(i) ^ sign : bits(i); };
  auto const number = [&](std::size_t i) {
    return with_sign ? static_cast<double>(static_cast<std::int64_t>(bits(i))) : static_cast<double>(bits(i));
  };
  auto const text = [&](std::size_t i) {
    return with_sign ? std::to_string(static_cast<std::int64_t>(bits(i))) : std::to_string(bits(i));
  };

  std::vector<char> shifted(width, false);
  std::vector<std::uint64_t> least(width, std::numeric_limits<std::uint64_t>::max());
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const c = i % width;
    shifted[c] |= with_sign ? !exact_in_double(static_cast<std::int64_t>(bits(i))) : !exact_in_double(bits(i));
    least[c] = std::min(least[c], ordered(i));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const c = i % width;
    auto const difference = ordered(i) - least[c];
    if (shifted[c] && !exact_in_double(difference))
      return Rounded{"row " + std::to_string(i / width) + ", column " + std::to_string(c) + " is " + text(i) + ", " +
                         std::to_string(difference) +
                         " above the minimum of its column; double precision is exact only up to 2^53",
                     "Give smaller numbers, or floating-point ones"};
    values[i] = shifted[c] ? static_cast<double>(difference) : number(i);
  }
  return std::nullopt;
}

}  // namespace mambasynth::store
