#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

/// Private to this folder: 8- and 16-bit floating-point numbers as stored. Not c10's types, because archives must be
/// readable without LibTorch.
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
inline float float_from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// OCP's FP8: the upper half of an IEEE binary16.
inline float float_from_f8_e5m2(std::uint8_t bits) { return float_from_half(static_cast<std::uint16_t>(bits << 8)); }

/// OCP's FP8 without infinity: sign, 4 bits of exponent (bias 7), 3 of fraction; all ones are NaN.
inline float float_from_f8_e4m3fn(std::uint8_t bits) {
  int const exponent = bits >> 3 & 0xf;
  int const fraction = bits & 7;
  float const sign = bits >> 7 ? -1.0f : 1.0f;
  if (exponent == 15 && fraction == 7) return std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -9);
  return sign * std::ldexp(static_cast<float>(fraction + 8), exponent - 10);
}

}  // namespace mambasynth::store
