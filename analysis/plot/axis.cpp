#include "analysis/plot/axis.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/plot/ticks.hpp"

namespace mambasynth::analysis::plot {

double Axis::share(double value) const {
  if (!log) return (value - low) / (high - low);
  if (zero && value <= 0) value = *zero;
  return std::log(value / low) / std::log(high / low);
}

bool Axis::shows(double value) const {
  if (log && zero && value == 0) return true;
  return value >= low && value <= high;
}

void Extent::add(double value) {
  if (std::isfinite(value)) values_.push_back(value);
}

void Extent::add(std::vector<double> const& values) {
  for (double const value : values) add(value);
}

void Extent::add_interval(double low, double high) {
  if (std::isfinite(low) && std::isfinite(high)) lows_.push_back(low), highs_.push_back(high);
}

Axis Extent::axis(std::string title, bool log, double least, double most) const {
  auto const scaled = [&](std::vector<double> const& from) {
    std::vector<double> to;
    for (double const value : from)
      if (!log || value > 0) to.push_back(log ? std::log10(value) : value);
    std::sort(to.begin(), to.end());
    return to;
  };
  auto const values = scaled(values_), lows = scaled(lows_);
  auto highs = scaled(highs_);
  std::reverse(highs.begin(), highs.end());
  if (values.empty()) return number_axis(std::move(title), log ? 1 : 0, log ? 10 : 1, log);
  double low = values.front(), high = values.back();
  double const most_added = 0.5 * (high - low);
  if (!lows.empty()) low = std::min(low, std::max(lows.front(), std::min(lows[lows.size() / 4], low - most_added)));
  if (!highs.empty())
    high = std::max(high, std::min(highs.front(), std::max(highs[highs.size() / 4], high + most_added)));
  if (!log) low = std::max(low, std::min(least, values.front())), high = std::min(high, std::max(most, values.back()));
  // A range too small for the digits of the data files counts as a constant.
  bool const level = high - low <= 1e-6 * std::max(std::abs(low), std::abs(high));
  double const room = level ? std::max(std::abs(high) * 0.1, 1e-9) : 0.06 * (high - low);
  low -= room, high += room;
  if (log) low = std::pow(10.0, low), high = std::pow(10.0, high);
  // A mark at a bound is drawn whole.
  else low = std::max(low, least - room / 2), high = std::min(high, most + room / 2);
  return number_axis(std::move(title), low, high, log);
}

Axis number_axis(std::string title, double low, double high, bool log) {
  Axis axis{.title = std::move(title), .low = low, .high = high, .log = log};
  auto const ticks = log ? log_ticks(low, high) : even_ticks(low, high);
  auto const labels = tick_labels(ticks, log);
  for (std::size_t i = 0; i < ticks.size(); ++i) axis.ticks.push_back({ticks[i], labels[i]});
  return axis;
}

Axis whole_axis(std::string title, double low, double high) {
  Axis axis{.title = std::move(title), .low = low, .high = high};
  for (double const tick : even_ticks(low, high))
    if (tick == std::floor(tick)) axis.ticks.push_back({tick, number_text(tick)});
  return axis;
}

LateAxis late_axis(std::string title, std::vector<double> values, double least) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return {number_axis(std::move(title), 0, 1), false};
  std::sort(values.begin(), values.end());
  if (!(least < values.front())) least = values.front();
  constexpr double share_shown = 0.85, most_stretch = 3;
  double const usual = values[static_cast<std::size_t>(share_shown * static_cast<double>(values.size() - 1))];
  double const room = std::max(usual - least, 1e-9 * std::abs(least));
  bool const cut = values.back() > least + most_stretch * room;
  double const high = cut ? least + 1.5 * room : values.back();
  double const margin = high > least ? 0.06 * (high - least) : std::max(0.1 * std::abs(high), 1e-9);
  return {number_axis(std::move(title), least - margin, high + margin), cut};
}

Axis named_axis(std::string title, std::vector<std::string> const& names) {
  Axis axis{.title = std::move(title), .low = -0.5, .high = static_cast<double>(names.size()) - 0.5};
  for (std::size_t i = 0; i < names.size(); ++i) axis.ticks.push_back({static_cast<double>(i), names[i]});
  return axis;
}

void shorten_labels(Axis& axis, double longest) {
  for (auto& tick : axis.ticks) {
    std::string label;
    for (auto const& line : lines_of(tick.label))
      label += (label.empty() ? "" : "\n") + shortened(line, longest, text_points);
    tick.label = label;
  }
}

void thin_labels(Axis& axis, double width) {
  constexpr double gap = 1;
  struct Span {
    double begin, end;
  };
  std::vector<Span> spans;
  for (auto const& tick : axis.ticks) {
    double half = 0;
    for (auto const& line : lines_of(tick.label)) half = std::max(half, text_width(line, text_points) / 2);
    double const at = axis.share(tick.at) * width;
    spans.push_back({at - half, at + half});
  }
  auto const count = axis.ticks.size();
  if (count < 2) return;
  std::size_t before = 0;
  for (std::size_t i = 1; i + 1 < count; ++i) {
    bool const fits = spans[i].begin >= spans[before].end + gap && spans[i].end + gap <= spans[count - 1].begin;
    if (fits) before = i;
    else axis.ticks[i].label.clear();
  }
  if (spans[count - 1].begin < spans[0].end + gap) axis.ticks[count - 1].label.clear();
}

}  // namespace mambasynth::analysis::plot
