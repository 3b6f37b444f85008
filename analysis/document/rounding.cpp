#include "analysis/document/rounding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace mambasynth::analysis::document {
namespace {

/// Decimals that fit a line; smaller numbers share an exponent.
constexpr int most_decimals = 9;
/// Digits before the decimal point that fit a line.
constexpr int most_digits = 10;

int magnitude(double value) { return static_cast<int>(std::floor(std::log10(std::abs(value)))); }

/// Decimals that leave an uncertainty two significant digits: 1 for 4.5, 5 for 0.00071. 0.0996 becomes 0.10, not 0.100.
int decimals_of(double uncertainty) {
  auto const decimals = 1 - magnitude(uncertainty);
  auto const scale = std::pow(10.0, decimals);
  return std::round(uncertainty * scale) >= 100 ? decimals - 1 : decimals;
}

std::string fixed(double value, int decimals, int exponent) {
  auto text = fmt::format("{:.{}f}", value * std::pow(10.0, -exponent), std::max(decimals, 0));
  // A rounded zero has no sign.
  bool const zero = text.find_first_of("123456789") == std::string::npos;
  return zero && text.starts_with('-') ? text.substr(1) : text;
}

std::string scaled(std::string const& number, int exponent) {
  return exponent == 0 ? number : fmt::format("{}e{}", number, exponent);
}

}  // namespace

Rounded rounded(Estimate const& estimate) {
  Rounded result;
  if (!std::isfinite(estimate.mean)) return result;
  auto const below = estimate.mean - estimate.low, above = estimate.high - estimate.mean;
  auto const narrower = std::min(below > 0 ? below : above, above > 0 ? above : below);
  bool const has_interval = std::isfinite(below) && std::isfinite(above) && narrower > 0;
  // The deviation of equal numbers may be tiny instead of 0.
  constexpr double rounding = 1e-12;
  if (!has_interval || !(narrower > rounding * std::abs(estimate.mean))) {
    result.mean = plain_number(estimate.mean);
    if (std::isfinite(estimate.sd)) result.sd = plain_number(estimate.sd);
    return result;
  }
  result.decimals = decimals_of(narrower);
  auto const largest = magnitude(std::max({std::abs(estimate.mean), below, above}));
  if (result.decimals > most_decimals || largest >= most_digits) {
    result.exponent = largest;
    result.decimals += largest;
  }
  auto const text = [&](double value) { return fixed(value, result.decimals, result.exponent); };
  result.mean = text(estimate.mean);
  result.low = text(estimate.low);
  result.high = text(estimate.high);
  if (std::isfinite(estimate.sd)) result.sd = text(estimate.sd);
  constexpr double equal_sides = 1e-6;
  result.symmetric = std::abs(above - below) <= equal_sides * (above + below);
  if (result.symmetric) result.half = text((above + below) / 2);
  return result;
}

std::string plain_number(double value) {
  if (!std::isfinite(value)) return nothing;
  if (value == 0) return "0";
  constexpr int significant = 5;
  auto const size = magnitude(value);
  auto const decimals = significant - 1 - size;
  if (size < -most_decimals || size >= most_digits) return fmt::format("{:.{}g}", value, significant);
  auto text = fmt::format("{:.{}f}", value, std::max(decimals, 0));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string decimal_text(double value, int decimals) {
  if (std::isnan(value)) return nothing;
  bool const too_small = value != 0 && std::abs(value) < std::pow(10.0, -decimals);
  return too_small ? fmt::format("{:.2e}", value) : fmt::format("{:.{}f}", value, decimals);
}

std::string text_of(Estimate const& estimate, Shows const& shows) {
  auto const number = rounded(estimate);
  if (number.mean.empty()) return nothing;
  bool const interval = shows.interval && !number.low.empty();
  std::string text;
  if (interval && number.symmetric) {
    text = (shows.mean ? number.mean + " " : "") + "± " + number.half;
    if (number.exponent != 0) text = scaled("(" + text + ")", number.exponent);
  } else if (interval) {
    auto const [low, high] = std::pair(scaled(number.low, number.exponent), scaled(number.high, number.exponent));
    text = (shows.mean ? scaled(number.mean, number.exponent) + " " : "") + "[" + low + ", " + high + "]";
  } else if (shows.mean) {
    text = scaled(number.mean, number.exponent);
  }
  std::vector<std::string> more;
  if (shows.sd && !number.sd.empty()) more.push_back("sd " + scaled(number.sd, number.exponent));
  if (shows.n) more.push_back(fmt::format("n {}", estimate.n));
  if (!more.empty()) {
    auto const words = more.size() == 1 ? more[0] : more[0] + ", " + more[1];
    text += text.empty() ? words : " (" + words + ")";
  }
  return text.empty() ? nothing : text;
}

std::string text_of(double value, double standard_error) { return text_of(estimate(value, standard_error), Shows{}); }

}  // namespace mambasynth::analysis::document
