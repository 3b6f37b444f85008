#pragma once

#include <array>
#include <cstdint>

namespace mambasynth::random {

/// The 256 strips of equal area under exp(-x^2/2) of the ziggurat method (Marsaglia & Tsang, J. Stat. Softw. 5(8),
/// 2000), with 52-bit abscissae, bit-identical to NumPy's.
struct Ziggurat {
  static constexpr std::size_t strips = 256;
  static constexpr double tail_start = 3.6541528853610088;  ///< r: where the lowest strip's tail begins

  std::array<std::uint64_t, strips> accept;  ///< below it, a 52-bit integer lies inside the strip's core
  std::array<double, strips> width;          ///< of a strip, divided by 2^52
  std::array<double, strips> height;         ///< exp(-x^2/2) at a strip's right edge

  Ziggurat();
  static Ziggurat const& tables();
};

}  // namespace mambasynth::random
