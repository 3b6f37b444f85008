#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

/// Private to this folder: 16-bit floating-point numbers as stored.
namespace mambasynth::store {

/// IEEE 754 binary16: sign, 5 bits of exponent (bias 15), 10 of fraction.
inline float float_from_half(std::uint16_t bits) {
  int const exponent = bits >> 10 & 0x1f;
  int const fraction = bits & 0x3ff;
  float const sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 31)
    return fraction ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

/// bfloat16: the upper half of a float.
inline float float_from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace mambasynth::store
