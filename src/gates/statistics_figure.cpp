#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/ticks.hpp"
#include "gates/figures.hpp"

namespace mambasynth::gates {
namespace {

using analysis::plot::Figure;

/// gnuplot omits a point whose error bar is undefined; a point without an error should be drawn without a bar.
double bar(double standard_error) { return std::isfinite(standard_error) ? standard_error : 0.0; }

/// The condition that the steps around a switch are compared with: away, or all steps if visits are so short that no
/// step is away from switches.
std::size_t level_column(Statistics const& s) {
  return column_of(s.by_condition.steps[column_of(Condition::away)] > 0 ? Condition::away : Condition::all);
}

/// One row per layer: layer, then value and standard error of each condition.
std::string condition_rows(Statistics const& s, Averages const& averages) {
  std::string rows = "# layer";
  for (auto const& name : s.conditions) rows += fmt::format(" {0} {0}_se", name);
  rows += "\n";
  auto const n = s.conditions.size();
  for (std::size_t layer = 0; layer < static_cast<std::size_t>(s.layers); ++layer) {
    rows += fmt::format("{}", layer + 1);
    for (std::size_t c = 0; c < n; ++c)
      rows += fmt::format(" {:.6g} {:.3g}", averages.value[layer * n + c], bar(averages.standard_error[layer * n + c]));
    rows += "\n";
  }
  return rows;
}

/// One row per offset: offset, then value and standard error of each layer.
std::string offset_rows(Statistics const& s, Averages const& around) {
  std::string rows = "# offset, then of each layer the value and its standard error\n";
  auto const n = static_cast<std::size_t>(s.offsets());
  for (std::size_t i = 0; i < n; ++i) {
    rows += fmt::format("{}", static_cast<std::int64_t>(i) - s.around);
    for (std::size_t layer = 0; layer < static_cast<std::size_t>(s.layers); ++layer)
      rows += fmt::format(" {:.6g} {:.3g}", around.value[layer * n + i], bar(around.standard_error[layer * n + i]));
    rows += "\n";
  }
  return rows;
}

constexpr std::string_view page =
    "set multiplot\nset tics out nomirror\nset border 3\nset format y \"%g\"\nset grid ytics linetype 1 linecolor rgb "
    "\"#dddddd\"\n";
constexpr char const* delta_title = "Mean delta";
constexpr char const* memory_title = "Typical memory 1/(delta |A|), steps";

std::string sides(double left, double right) {
  return fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", left, right);
}

std::string condition_panel(Statistics const& s, std::string const& title, std::string const& data) {
  // Distinct shapes as well as colors, slightly offset so that bars do not hide one another.
  constexpr std::array<int, 6> shapes{7, 5, 9, 13, 11, 6};
  constexpr std::array<std::int64_t, 6> hues{0, 2, 4, 6, 8, 1};
  auto const n = static_cast<std::int64_t>(s.conditions.size());
  std::string plots;
  for (std::int64_t c = 0; c < n; ++c)
    plots += fmt::format(
        "{}\"{}\" using ($1+{:.2f}):{}:(2*${}) with yerrorbars pointtype {} pointsize 0.9 linewidth 1.3 linecolor rgb "
        "\"{}\" title \"{}\"",
        c == 0 ? "" : ", ", data, 0.13 * (static_cast<double>(c) - 0.5 * static_cast<double>(n - 1)), 2 * c + 2,
        2 * c + 3, shapes[static_cast<std::size_t>(c)],
        analysis::plot::category_color(hues[static_cast<std::size_t>(c)], 10),
        s.conditions[static_cast<std::size_t>(c)]);
  return fmt::format("set title \"{}\"\nset xrange [0.5:{}]\nset xtics {}\nset xlabel \"layer\"\nplot {}\n", title,
                     static_cast<double>(s.layers) + 0.5, s.layers <= 16 ? 1 : 4, plots);
}

/// The extent of a layer's band.
double span_of(Statistics const& s, std::int64_t layer, Averages const& around, double level) {
  double low = level, high = level;
  auto const n = static_cast<std::size_t>(s.offsets());
  for (auto i = static_cast<std::size_t>(layer) * n; i < (static_cast<std::size_t>(layer) + 1) * n; ++i) {
    if (!std::isfinite(around.value[i])) continue;
    double const half = 2 * bar(around.standard_error[i]);
    low = std::min(low, around.value[i] - half), high = std::max(high, around.value[i] + half);
  }
  return high - low;
}

/// Names of one quantity's data files.
struct Files {
  std::string at_switch, at_return;
};

/// Both quantities of a layer around a switch, between two heights of the page.
std::string layer_panels(Statistics const& s, std::int64_t layer, Files const& delta, Files const& memory) {
  auto const level = [&](Averages const& averages) {
    return averages.value[static_cast<std::size_t>(layer) * s.conditions.size() + level_column(s)];
  };
  auto const panel = [&](Files const& files, Averages const& around, Averages const& by_condition,
                         std::string const& color) {
    return fmt::format(
        "set ytics {5:.6g}\nplot \"{0}\" using 1:(${1}-2*${2}):(${1}+2*${2}) with filledcurves fillcolor rgb \"{3}\" "
        "fillstyle transparent solid 0.25 noborder notitle, "
        "\"{0}\" using 1:{1} with lines linewidth 1.4 linecolor rgb \"{3}\" notitle, {6}{4:.6g} with lines dashtype 2 "
        "linecolor rgb \"#555555\" notitle\n",
        files.at_switch, 2 * layer + 2, 2 * layer + 3, color, level(by_condition),
        analysis::plot::tick_step(span_of(s, layer, around, level(by_condition))),
        files.at_return.empty()
            ? ""
            : fmt::format("\"{}\" using 1:{} with lines dashtype 3 linewidth 1.4 linecolor rgb \"#000000\" notitle, ",
                          files.at_return, 2 * layer + 2));
  };
  return sides(0.1, 0.49) + fmt::format("set ylabel \"layer {}\"\n", layer + 1) +
         panel(delta, s.around_switch.delta, s.by_condition.delta, analysis::plot::category_color(0, 10)) +
         sides(0.59, 0.98) + "set ylabel\n" +
         panel(memory, s.around_switch.memory_geometric, s.by_condition.memory_geometric,
               analysis::plot::category_color(4, 10));
}

void draw_switches(Statistics const& s, std::filesystem::path const& folder) {
  constexpr int panel = 110, gap = 22, head = 60, foot = 60;
  int const layers = static_cast<int>(s.layers), height = head + layers * (panel + gap) + foot;
  Figure figure("gates_switches", {1000, height});
  bool const returns = s.by_condition.steps[column_of(Condition::at_return)] > 0;
  auto const files = [&](std::string const& name, Averages Table::* quantity) {
    return Files{
        figure.add_data(name, offset_rows(s, s.around_switch.*quantity)),
        returns ? figure.add_data(name + "_return", offset_rows(s, s.around_return.*quantity)) : std::string()};
  };
  auto const delta = files("delta", &Table::delta), memory = files("memory", &Table::memory_geometric);
  auto commands =
      std::string(page) +
      fmt::format(
          "unset key\nset xrange [-{0}:{0}]\nset format x \"\"\nset arrow 1 from 0,graph 0 to 0,graph 1 nohead "
          "dashtype 3 linecolor rgb \"#555555\"\n"
          "set label 1 \"{1}\" at screen 0.295,screen {3:.4f} center\nset label 2 \"{2}\" at screen 0.785,screen "
          "{3:.4f} center\n"
          "set label 3 \"dashed: mean of {4}; {6}bands: two standard errors\" at screen 0.54,screen {5:.4f} center\n",
          s.around, delta_title, memory_title, 1 - 44.0 / height,
          level_column(s) == column_of(Condition::away) ? "the steps away from switches" : "all steps",
          1 - 18.0 / height, returns ? "dotted: returns to the entry angle, no switch near; " : "");
  for (int layer = 0; layer < layers; ++layer) {
    double const top = 1 - static_cast<double>(head + layer * (panel + gap)) / height;
    if (layer + 1 == layers) commands += "set format x\nset xlabel \"steps from the first of a visit\"\n";
    commands += fmt::format("set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\n", top,
                            top - static_cast<double>(panel) / height) +
                layer_panels(s, layer, delta, memory) + "unset label\n";
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace

void draw_statistics(Statistics const& s, std::filesystem::path const& folder) {
  Figure figure("gates_statistics", {1400, 460});
  auto const delta = figure.add_data("delta", condition_rows(s, s.by_condition.delta));
  auto const memory = figure.add_data("memory", condition_rows(s, s.by_condition.memory_geometric));
  figure.set_commands(std::string(page) + "set tmargin at screen 0.9\nset bmargin at screen 0.14\nunset key\n" +
                      sides(0.06, 0.44) + condition_panel(s, delta_title, delta) +
                      "set key outside right top samplen 1.5\n" + sides(0.51, 0.89) +
                      condition_panel(s, memory_title, memory) + "unset multiplot\n");
  figure.draw(folder);
  if (s.offsets() > 0 && s.by_condition.steps[column_of(Condition::at_switch)] > 0) draw_switches(s, folder);
}

}  // namespace mambasynth::gates
