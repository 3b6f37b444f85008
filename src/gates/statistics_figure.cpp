#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "analysis/plot/page.hpp"
#include "analysis/plot/palette.hpp"
#include "gates/figures.hpp"

namespace mambasynth::gates {
namespace {

namespace plot = analysis::plot;

/// The condition that the steps around a switch are compared with: away, or all steps if visits are so short that no
/// step is away from switches.
std::size_t level_column(Statistics const& s) {
  return column_of(s.by_condition.steps[column_of(Condition::away)] > 0 ? Condition::away : Condition::all);
}

/// A condition's name in gates.h5 in words.
std::string condition_words(std::size_t condition) {
  switch (static_cast<Condition>(condition)) {
    case Condition::all:
      return "all steps";
    case Condition::away:
      return "away from switches";
    case Condition::before:
      return "before a switch";
    case Condition::at_switch:
      return "at a switch";
    case Condition::after:
      return "after a switch";
    case Condition::at_return:
      return "at a return";
  }
  return "";
}

void add_point(plot::Series& series, double x, double value, double standard_error) {
  series.x.push_back(x), series.y.push_back(value);
  series.low.push_back(value - 2 * standard_error), series.high.push_back(value + 2 * standard_error);
}

/// Layers lie decades apart where gates have learned to differ.
bool decades_apart(std::vector<plot::Series> const& all) {
  double least = INFINITY, most = 0;
  for (auto const& series : all)
    for (double const value : series.y)
      if (std::isfinite(value)) least = std::min(least, value), most = std::max(most, value);
  constexpr double factor = 20;
  return least > 0 && most > factor * least;
}

plot::Axis axis_of(std::vector<plot::Series> const& all, std::string const& title, bool log) {
  plot::Extent extent;
  for (auto const& series : all) {
    extent.add(series.y);
    for (std::size_t i = 0; i < series.low.size(); ++i)
      if (!log || series.low[i] > 0) extent.add_interval(series.low[i], series.high[i]);
  }
  return extent.axis(title, log);
}

/// By layer, a mark for each condition; marks of one layer stand side by side, and no line joins them.
plot::Panel by_condition(Statistics const& s, Averages const& averages, std::string const& part,
                         std::string const& ylabel) {
  std::vector<std::string> layers;
  for (std::int64_t layer = 0; layer < s.layers; ++layer) layers.push_back(fmt::format("{}", layer + 1));
  plot::Panel panel{.part = part, .title = "", .x = plot::named_axis("Layer", layers), .y = {}};
  auto const n = s.conditions.size();
  for (std::size_t c = 0; c < n; ++c) {
    plot::Series series{.name = condition_words(c), .style = plot::category_style(c), .x = {}, .y = {}};
    series.joined = false;
    constexpr double apart = 1.1;  // millimeters
    series.aside = apart * (0.5 * static_cast<double>(n - 1) - static_cast<double>(c));
    for (std::size_t layer = 0; layer < layers.size(); ++layer)
      add_point(series, static_cast<double>(layer), averages.value[layer * n + c],
                averages.standard_error[layer * n + c]);
    panel.series.push_back(std::move(series));
  }
  panel.y = axis_of(panel.series, ylabel, decades_apart(panel.series));
  return panel;
}

plot::Series around(Statistics const& s, Averages const& averages, std::size_t layer, std::string const& name,
                    plot::LineStyle const& style) {
  plot::Series series{.name = name, .style = style, .x = {}, .y = {}};
  series.spread = plot::Spread::band;
  auto const n = static_cast<std::size_t>(s.offsets());
  for (std::size_t i = 0; i < n; ++i)
    add_point(series, static_cast<double>(static_cast<std::int64_t>(i) - s.around), averages.value[layer * n + i],
              averages.standard_error[layer * n + i]);
  return series;
}

constexpr char const* delta_words = "Mean Δ";
constexpr char const* memory_words = "Memory, steps";
constexpr char const* memory_note =
    "Memory: typical 1/(Δ |A|) in steps, geometric mean over channels, states and steps.";
constexpr char const* return_note =
    "Return: the first step of a revolution, at the circle's entry angle, with no switch near.";

std::string away_note(Statistics const& s) {
  return fmt::format("Away: more than {0} steps from every switch. Before and after: up to {0} steps from one.",
                     s.around);
}

/// Circles have returns, labels of a recording have none.
bool has_returns(Statistics const& s) { return s.by_condition.steps[column_of(Condition::at_return)] > 0; }

/// Both quantities of every layer around a switch, one row each.
void draw_switches(Statistics const& s, std::filesystem::path const& folder) {
  bool const returns = has_returns(s);
  bool const away = level_column(s) == column_of(Condition::away);
  plot::Page page{.name = "gates_switches", .width = plot::two_columns, .columns = 2, .panel_height = 17};
  auto const range = static_cast<double>(s.around);
  auto const x = plot::number_axis("Steps from the first of a visit", -range - 0.5, range + 0.5);
  auto const add = [&](std::size_t layer, std::string const& part, char const* words, Averages Table::* quantity) {
    plot::Panel panel{
        .part = fmt::format("{}_{}", part, layer + 1), .title = fmt::format("Layer {}", layer + 1), .x = x, .y = {}};
    auto style = plot::category_style(0);
    style.point = 0;
    panel.series.push_back(around(s, s.around_switch.*quantity, layer, "around a switch", style));
    if (returns) {
      auto around_return = around(s, s.around_return.*quantity, layer, "around a return",
                                  {.color = plot::series_color(1), .dash = 3, .width = plot::thick});
      around_return.spread = plot::Spread::none;
      panel.series.push_back(std::move(around_return));
    }
    double const level = (s.by_condition.*quantity).value[layer * s.conditions.size() + level_column(s)];
    if (std::isfinite(level)) panel.references.push_back(plot::level(away ? "away" : "all", x, level));
    panel.y = axis_of(panel.series, words, false);
    page.panels.push_back(std::move(panel));
  };
  for (std::size_t layer = 0; layer < static_cast<std::size_t>(s.layers); ++layer) {
    add(layer, "delta", delta_words, &Table::delta);
    add(layer, "memory", "Memory", &Table::memory_geometric);
  }
  page.notes = {
      fmt::format("Bands: two standard errors over {} windows{}. Gray: mean of {}.", s.windows,
                  returns ? " (not drawn for returns)" : "", away ? "the steps away from switches" : "all steps"),
      memory_note};
  if (away) page.notes.push_back(away_note(s));
  if (returns) page.notes.emplace_back(return_note);
  plot::draw_page(page, folder);
}

}  // namespace

void draw_statistics(Statistics const& s, std::filesystem::path const& folder) {
  plot::Page page{.name = "gates_statistics",
                  .width = plot::two_columns,
                  .columns = 2,
                  .panel_height = 50,
                  .legend_title = "Steps"};
  page.panels = {by_condition(s, s.by_condition.delta, "delta", delta_words),
                 by_condition(s, s.by_condition.memory_geometric, "memory", memory_words)};
  page.notes = {fmt::format("Bars: two standard errors over {} windows.", s.windows), memory_note};
  if (s.conditions.size() > 1)
    page.notes.push_back(away_note(s) + (has_returns(s) ? std::string(" ") + return_note : ""));
  plot::draw_page(page, folder);
  if (s.offsets() > 0 && s.by_condition.steps[column_of(Condition::at_switch)] > 0) draw_switches(s, folder);
}

}  // namespace mambasynth::gates
