#include "analysis/statistics/axis_scale.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::statistics {
namespace {

/// Of ascending numbers, at least three.
double unevenness(std::vector<double> const& places) {
  double least = places[1] - places[0], most = least;
  for (std::size_t i = 1; i < places.size(); ++i) {
    least = std::min(least, places[i] - places[i - 1]);
    most = std::max(most, places[i] - places[i - 1]);
  }
  return most / least;
}

}  // namespace

double AxisScale::place(double value) const {
  if (!logarithmic) return value;
  return value > 0 ? std::log10(value) : undefined;
}

AxisScale axis_scale_of(std::span<double const> values) {
  constexpr std::size_t fewest_positive = 3;
  constexpr double wide_beside_zero = 10;
  std::set<double> const distinct(values.begin(), values.end());
  std::vector<double> positive, logarithms;
  for (auto const value : distinct) {
    if (!(value >= 0)) return {};
    if (value == 0) continue;
    positive.push_back(value);
    logarithms.push_back(std::log10(value));
  }
  if (positive.size() < fewest_positive) return {};
  bool const zero = positive.size() < distinct.size();
  if (zero && positive.back() / positive.front() < wide_beside_zero) return {};
  constexpr double rounding = 1e-9;  // of equal steps
  if (!(unevenness(logarithms) < unevenness(positive) * (1 - rounding))) return {};
  return {.logarithmic = true, .apart = zero ? std::vector{0.0} : std::vector<double>{}};
}

}  // namespace mambasynth::analysis::statistics
