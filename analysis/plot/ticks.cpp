#include "analysis/plot/ticks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/plot/text.hpp"

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

}  // namespace

double tick_step(double span) {
  if (!(span > 0) || !std::isfinite(span)) return 1;
  constexpr double ticks = 4;
  double const decade = std::pow(10.0, std::floor(std::log10(span / ticks)));
  double const wanted = span / ticks / decade;
  return decade * (wanted <= 1 ? 1 : wanted <= 2 ? 2 : wanted <= 5 ? 5 : 10);
}

std::vector<double> even_ticks(double low, double high) {
  double const step = tick_step((high - low) / 1.6);
  std::vector<double> ticks;
  // A multiple of the step, not a sum of steps: 0 must not become 1e-17.
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i)
    ticks.push_back(i == 0 ? 0 : i * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  constexpr std::size_t enough = 3, many = 6;
  auto ticks = multiples({1}, low, high);
  if (ticks.size() < enough) ticks = multiples({1, 2, 5}, low, high);
  if (ticks.size() < enough) ticks = even_ticks(low, high);
  if (ticks.size() > many) {
    auto const stride = (ticks.size() + many - 1) / many;
    std::vector<double> fewer;
    for (std::size_t i = 0; i < ticks.size(); i += stride) fewer.push_back(ticks[i]);
    ticks = fewer;
  }
  return ticks;
}

std::vector<std::string> tick_labels(std::vector<double> const& ticks, bool log) {
  std::vector<std::string> labels;
  std::size_t decimals = 0;
  bool plain = !log;
  for (double const tick : ticks) {
    labels.push_back(number_text(tick));
    auto const point = labels.back().find('.');
    if (point != std::string::npos) decimals = std::max(decimals, labels.back().size() - point - 1);
    plain = plain && std::abs(tick) < 1e6 && (tick == 0 || std::abs(tick) >= 1e-4);  // without powers of ten
  }
  if (!plain) return labels;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    auto const text = fmt::format("{:.{}f}", std::abs(ticks[i]), decimals);
    labels[i] = (ticks[i] < 0 ? "−" : "") + text;
  }
  return labels;
}

std::string tick_words(std::vector<double> const& ticks) {
  std::vector<std::string> texts;
  auto const labels = tick_labels(ticks, false);
  for (std::size_t i = 0; i < ticks.size(); ++i) texts.push_back(fmt::format("\"{}\" {:.10g}", labels[i], ticks[i]));
  return fmt::format("({})", fmt::join(texts, ", "));
}

}  // namespace mambasynth::analysis::plot
