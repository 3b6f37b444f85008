#include "analysis/collate/swept_axis.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "analysis/collate/numbers.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/statistics/axis_scale.hpp"

namespace mambasynth::analysis::collate {
namespace {

plot::Axis numeric_axis(std::string const& title, std::vector<double> const& x) {
  constexpr double room = 0.07;
  auto const scale = statistics::axis_scale_of(x);
  plot::Axis axis{.title = title, .low = x.front(), .high = x.back(), .log = scale.logarithmic};
  if (scale.logarithmic) {
    auto const first = std::find_if(x.begin(), x.end(), [](double value) { return value > 0; });
    double low = *first;
    if (first != x.begin()) {
      // As far from the lowest value as the others are from each other on average.
      auto const steps = static_cast<double>(std::max<std::ptrdiff_t>(1, x.end() - first - 1));
      axis.zero = low / std::pow(x.back() / low, 1 / steps);
      low = *axis.zero;
    }
    double const factor = std::pow(x.back() / low, room);
    axis.low = low / factor, axis.high = x.back() * factor;
  } else {
    double const margin = x.size() > 1 ? room * (x.back() - x.front()) : 1;
    axis.low -= margin, axis.high += margin;
  }
  for (double const value : x) axis.ticks.push_back({value, plot::number_text(value)});
  return axis;
}

}  // namespace

std::string value_words(std::string const& value) {
  auto const known = parsed_number(value);
  return known ? plot::number_text(*known) : value;
}

SweptAxis swept_axis(std::string const& key, std::vector<std::string> const& values) {
  SweptAxis swept;
  for (auto const& value : values)
    if (std::find(swept.values.begin(), swept.values.end(), value) == swept.values.end()) swept.values.push_back(value);
  swept.ordered = !swept.values.empty() && std::all_of(swept.values.begin(), swept.values.end(), [](auto const& value) {
    return parsed_number(value).has_value();
  });
  if (!swept.ordered) {
    std::vector<std::string> names;
    for (auto const& value : swept.values) {
      swept.x.push_back(static_cast<double>(swept.x.size()));
      names.push_back(value_words(value));
    }
    swept.axis = plot::named_axis(axis_words(key), names);
    return swept;
  }
  std::stable_sort(swept.values.begin(), swept.values.end(),
                   [](auto const& a, auto const& b) { return *parsed_number(a) < *parsed_number(b); });
  for (auto const& value : swept.values) swept.x.push_back(*parsed_number(value));
  swept.axis = numeric_axis(axis_words(key), swept.x);
  return swept;
}

}  // namespace mambasynth::analysis::collate
