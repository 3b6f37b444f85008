#include "analysis/plot/ticks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <vector>

namespace mambasynth::analysis::plot {
namespace {

/// Multiples of powers of ten from low to high.
std::vector<double> multiples(std::vector<double> const& of, double low, double high) {
  std::vector<double> ticks;
  for (double exponent = std::floor(std::log10(low)); exponent <= std::ceil(std::log10(high)); ++exponent)
    for (double const factor : of)
      if (double const tick = factor * std::pow(10.0, exponent); tick >= low && tick <= high) ticks.push_back(tick);
  return ticks;
}

std::vector<double> even(double low, double high) {
  double const step = tick_step(high - low);
  std::vector<double> ticks;
  for (double i = std::ceil(low / step); i * step <= high; ++i) ticks.push_back(i * step);
  return ticks;
}

}  // namespace

double tick_step(double span) {
  if (!(span > 0) || !std::isfinite(span)) return 1;
  constexpr double ticks = 4;
  double const decade = std::pow(10.0, std::floor(std::log10(span / ticks)));
  double const wanted = span / ticks / decade;
  return decade * (wanted <= 1 ? 1 : wanted <= 2 ? 2 : wanted <= 5 ? 5 : 10);
}

std::string log_ticks(double low, double high) {
  constexpr std::size_t enough = 3, many = 6;
  auto ticks = multiples({1}, low, high);
  if (ticks.size() < enough) ticks = multiples({1, 2, 5}, low, high);
  if (ticks.size() < enough) ticks = even(low, high);
  if (ticks.size() > many) {
    auto const stride = (ticks.size() + many - 1) / many;
    std::vector<double> fewer;
    for (std::size_t i = 0; i < ticks.size(); i += stride) fewer.push_back(ticks[i]);
    ticks = fewer;
  }
  std::vector<std::string> texts;
  for (double const tick : ticks) texts.push_back(fmt::format("{:.6g}", tick));
  return fmt::format("({})", fmt::join(texts, ", "));
}

}  // namespace mambasynth::analysis::plot
