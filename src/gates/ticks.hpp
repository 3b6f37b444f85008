#pragma once

#include <cmath>

/// Private to this folder.
namespace mambasynth::gates {

/// 1, 2 or 5 times a power of ten, so that about three ticks lie within `span`: gnuplot's own choice crowds low panels.
inline double tick_step(double span) {
  if (!(span > 0) || !std::isfinite(span)) return 1;
  constexpr double ticks = 4;
  double const decade = std::pow(10.0, std::floor(std::log10(span / ticks)));
  double const wanted = span / ticks / decade;
  return decade * (wanted <= 1 ? 1 : wanted <= 2 ? 2 : wanted <= 5 ? 5 : 10);
}

}  // namespace mambasynth::gates
