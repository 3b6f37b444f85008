#include "analysis/plot/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/plot/ticks.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr double longest_name = 24, names_gap = 2, title_gap = 1;

double names_width(HeatMap const& map) {
  double widest = 0;
  for (auto const& name : map.names)
    widest = std::max(widest, text_width(shortened(name, longest_name, small_points), small_points));
  return widest;
}

/// Names along x are upright if they would touch.
bool upright(HeatMap const& map, double width) {
  return names_width(map) + 1 > width / static_cast<double>(std::max<std::size_t>(1, map.names.size()));
}

std::string names_of(HeatMap const& map, double side) {
  constexpr double least_room = 2.8;
  auto const n = map.names.size();
  auto const stride = static_cast<std::size_t>(std::max(1.0, std::ceil(least_room * static_cast<double>(n) / side)));
  std::string ticks;
  for (std::size_t i = 0; i < n; ++i)
    ticks += fmt::format("{}\"{}\" {}", i == 0 ? "" : ", ",
                         i % stride == 0 ? quotable(shortened(map.names[i], longest_name, small_points)) : "", i);
  return ticks;
}

}  // namespace

HeatMapRoom room_of(HeatMap const& map, bool x_names, bool y_names) {
  double const title = map.axis.empty() ? 0 : text_height + title_gap;
  return {.left = y_names ? names_width(map) + names_gap + title_gap + title : title_gap,
          .above = text_height + 2 * title_gap,
          .below = x_names ? std::min(names_width(map), longest_name) + 2 * names_gap + title : title_gap};
}

std::string heat_map(Figure& figure, HeatMap const& map, Frame const& frame, Paper const& paper,
                     HeatMapParts const& parts, std::string const& more) {
  auto const n = map.names.size();
  double const span = map.high > map.low ? map.high - map.low : 1;
  std::string cells = "# other place value text_color\n";
  constexpr double light_from = 0.55;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double const value = map.triangle && j > i ? std::nan("") : map.matrix[i * n + j];
      cells += fmt::format("{} {} {:.4f} {}\n", j, i, value,
                           (value - map.low) / span > light_from ? "0xffffff" : "0x000000");
    }
    cells += "\n";
  }
  auto const data = figure.add_data(map.part, cells);
  auto const last = static_cast<double>(n) - 0.5;
  bool const turned = upright(map, frame.width);
  auto const ticks = names_of(map, frame.width);
  auto text = paper.margins(frame) + "unset label\nunset arrow\nunset grid\nunset key\n";
  text += fmt::format(
      "set border {} linecolor rgb \"{}\" linewidth {:.3g}\n{}set cbrange [{:.10g}:{:.10g}]\nset cbtics {} font small\n"
      "set xrange [-0.5:{}]\nset yrange [{}:-0.5]\nset tics out nomirror scale 0.3\n",
      map.triangle ? 3 : 15, frame_gray, line_width(thin), sequential_palette(), map.low, map.high,
      tick_words(even_ticks(map.low, map.high)), last, last);
  text += parts.x_names ? fmt::format("set xtics nomirror ({}) {} noenhanced font small\n", ticks,
                                      turned ? "rotate by 90 right" : "norotate")
                        : "unset xtics\n";
  text += parts.y_names ? fmt::format("set ytics nomirror ({}) noenhanced font small\n", ticks) : "unset ytics\n";
  text += paper.text(shortened(map.title, frame.width, text_points), frame.left,
                     frame.top - text_height / 2 - title_gap / 2);
  if (parts.bar && !map.quantity.empty())
    text += paper.small_text(map.quantity, frame.right() + 2, frame.top - small_height);
  double const names = names_width(map);
  if (parts.x_names && !map.axis.empty())
    text +=
        paper.text(map.axis, frame.left + frame.width / 2,
                   frame.bottom() + 2 * names_gap + (turned ? names : text_height) + text_height / 2, Align::center);
  if (parts.y_names && !map.axis.empty())
    text += paper.upright_text(map.axis, frame.left - names_gap - names - title_gap - text_height / 2,
                               frame.top + frame.height / 2);
  text += parts.bar
              ? paper.color_bar({.left = frame.right() + 2, .top = frame.top, .width = 2.5, .height = frame.height})
              : std::string("unset colorbox\n");
  text += more;
  text += fmt::format("plot \"{}\" using 1:2:3 with image pixels", data);
  constexpr double room_for_number = 7;
  if (frame.width / static_cast<double>(n) >= room_for_number)
    text += fmt::format(
        ", \"{}\" using 1:2:(valid(3) ? sprintf(\"%.{}f\", $3) : \"\"):4 with labels textcolor rgb variable font small",
        data, span < 0.05 ? 3 : 2);
  return text + "\n";
}

ColorRange color_range(std::vector<std::vector<double>> const& matrices, bool without_diagonal) {
  double low = INFINITY, high = -INFINITY;
  for (auto const& matrix : matrices) {
    auto const side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(matrix.size()))));
    for (std::size_t i = 0; i < matrix.size(); ++i)
      if (std::isfinite(matrix[i]) && !(without_diagonal && i % (side + 1) == 0))
        low = std::min(low, matrix[i]), high = std::max(high, matrix[i]);
  }
  if (low > high) return {};
  double const step = tick_step(std::max(high - low, 1e-3));
  return {step * std::floor(low / step), step * std::ceil(high / step)};
}

}  // namespace mambasynth::analysis::plot
