#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "analysis/figures/palette.hpp"
#include "gates/figures.hpp"

namespace mambasynth::gates {
namespace {

using figures::Figure;

constexpr std::size_t all = 0, away = 1, at_switch = 3;  // columns of Statistics::conditions

/// gnuplot leaves a point out whose error bar is undefined; without an error it is to have no bar.
double bar(double standard_error) { return std::isfinite(standard_error) ? standard_error : 0.0; }

/// What the steps around a switch are set beside: where visits are so short that no step is away from switches, all steps.
std::size_t level_column(Statistics const& s) { return s.by_condition.steps[away] > 0 ? away : all; }

/// A row a layer: layer, then value and standard error of each condition.
std::string condition_rows(Statistics const& s, Averages const& averages) {
  std::string rows = "# layer";
  for (auto const& name : s.conditions) rows += fmt::format(" {0} {0}_se", name);
  rows += "\n";
  auto const n = s.conditions.size();
  for (std::size_t layer = 0; layer < static_cast<std::size_t>(s.layers); ++layer) {
    rows += fmt::format("{}", layer + 1);
    for (std::size_t c = 0; c < n; ++c) rows += fmt::format(" {:.6g} {:.3g}", averages.value[layer * n + c], bar(averages.standard_error[layer * n + c]));
    rows += "\n";
  }
  return rows;
}

/// A row an offset: offset, then ratio to `away` and standard error of each layer.
std::string offset_rows(Statistics const& s, Averages const& around, Averages const& by_condition) {
  std::string rows = "# offset, then of each layer the ratio and its standard error (of the numerator)\n";
  auto const n = static_cast<std::size_t>(s.offsets());
  for (std::size_t i = 0; i < n; ++i) {
    rows += fmt::format("{}", static_cast<std::int64_t>(i) - s.around);
    for (std::size_t layer = 0; layer < static_cast<std::size_t>(s.layers); ++layer) {
      double const level = by_condition.value[layer * s.conditions.size() + level_column(s)];
      rows += fmt::format(" {:.6g} {:.3g}", around.value[layer * n + i] / level, bar(around.standard_error[layer * n + i]) / level);
    }
    rows += "\n";
  }
  return rows;
}

std::string place(double left, double right, double top, double bottom) {
  return fmt::format("set lmargin at screen {}\nset rmargin at screen {}\nset tmargin at screen {}\nset bmargin at screen {}\n", left, right, top, bottom);
}

std::string condition_panel(Statistics const& s, std::string const& data) {
  // Shapes beside colours, and a little apart, so that bars do not hide one another.
  constexpr std::array<int, 5> shapes{7, 5, 9, 13, 11};
  auto const n = static_cast<std::int64_t>(s.conditions.size());
  std::string plots;
  for (std::int64_t c = 0; c < n; ++c)
    plots += fmt::format("{}\"{}\" using ($1+{:.2f}):{}:(2*${}) with yerrorbars pointtype {} pointsize 0.9 linewidth 1.3 linecolor rgb \"{}\" title \"{}\"",
                         c == 0 ? "" : ", ", data, 0.12 * (static_cast<double>(c) - 0.5 * static_cast<double>(n - 1)), 2 * c + 2, 2 * c + 3,
                         shapes[static_cast<std::size_t>(c)], figures::category_colour(c, n), s.conditions[static_cast<std::size_t>(c)]);
  return fmt::format("set xrange [0.5:{}]\nset xtics 1\nset xlabel \"layer\"\nplot {}\n", static_cast<double>(s.layers) + 0.5, plots);
}

std::string offset_panel(Statistics const& s, std::string const& data) {
  std::string plots;
  for (std::int64_t layer = 0; layer < s.layers; ++layer) {
    auto const colour = figures::category_colour(layer, s.layers);
    plots += fmt::format("{0}\"{1}\" using 1:(${2}-2*${3}):(${2}+2*${3}) with filledcurves fillcolor rgb \"{4}\" fillstyle transparent solid 0.2 noborder notitle, "
                         "\"{1}\" using 1:{2} with lines linewidth 1.6 dashtype {5} linecolor rgb \"{4}\" title \"layer {6}\"",
                         layer == 0 ? "" : ", ", data, 2 * layer + 2, 2 * layer + 3, colour, layer % 4 + 1, layer + 1);
  }
  return fmt::format("set xrange [-{0}:{0}]\nset xtics auto\nset xlabel \"steps from the switch\"\n"
                     "set arrow 1 from 0,graph 0 to 0,graph 1 nohead dashtype 3 linecolor rgb \"#555555\"\nplot {1}\nunset arrow 1\n", s.around, plots);
}

}  // namespace

figures::Outcome draw_statistics(Statistics const& s, std::filesystem::path const& folder) {
  bool const around = s.offsets() > 0 && s.by_condition.steps[at_switch] > 0;
  Figure figure("gates_statistics", {1400, around ? 960 : 500});
  double const bottom = around ? 0.57 : 0.13, top = around ? 0.95 : 0.9;
  std::string commands = "set multiplot\nset tics out nomirror\nset border 3\nset grid ytics linecolor rgb \"#dddddd\"\nset logscale y\nset format y \"%g\"\n"
                         "set key outside right top samplen 1.5\n";
  auto const column = [](bool right) { return right ? std::array{0.58, 0.9} : std::array{0.08, 0.4}; };
  auto const panels = [&](bool right, Averages const& by_condition, Averages const& of_offset, std::string const& name, char const* what, char const* unit) {
    auto const [left, end] = column(right);
    commands += place(left, end, top, bottom) +
                fmt::format("set logscale y\nset title \"{} by layer\"\nset ylabel \"{}\"\n", what, unit) +
                condition_panel(s, figure.add_data(name, condition_rows(s, by_condition)));
    if (!around) return;
    commands += place(left, end, 0.45, 0.07) +
                fmt::format("unset logscale y\nset title \"{} around a switch\"\nset ylabel \"ratio to {}\"\n", what,
                            level_column(s) == away ? "steps away from switches" : "all steps") +
                offset_panel(s, figure.add_data(name + "_around", offset_rows(s, of_offset, by_condition)));
  };
  panels(false, s.by_condition.delta, s.around_switch.delta, "delta", "Mean delta", "delta");
  panels(true, s.by_condition.memory_geometric, s.around_switch.memory_geometric, "memory", "Typical memory 1/(delta |A|)", "steps");
  figure.set_commands(commands + "unset multiplot\n");
  return figure.draw(folder);
}

}  // namespace mambasynth::gates
