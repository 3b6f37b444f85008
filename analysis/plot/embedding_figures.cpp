#include "analysis/plot/embedding_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/plot/palette.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr double most_legend_entries = 10;
constexpr std::size_t most_svg_points = 2500;
constexpr char const* veil = "0x40";  // a quarter transparent, so that density shows

bool has_legend(Coloring const& c) { return c.scale == Coloring::Scale::category && c.most <= most_legend_entries; }

/// x, y, and the color: a number for gnuplot's palette, or the color itself.
std::string point_rows(EmbeddingPanel const& panel) {
  auto const& c = *panel.coloring;
  std::string rows = c.value.empty() ? "# x y\n" : fmt::format("# x y {}\n", has_legend(c) ? "color" : c.label);
  for (std::size_t i = 0; 2 * i < panel.coordinates.size(); ++i) {
    rows += fmt::format("{:.4f} {:.4f}", panel.coordinates[2 * i], panel.coordinates[2 * i + 1]);
    if (c.value.empty()) rows += "\n";
    else if (has_legend(c))
      rows += fmt::format(
          " {}{}\n", veil,
          category_color(static_cast<std::int64_t>(c.value[i]), static_cast<std::int64_t>(c.most)).substr(1));
    else rows += fmt::format(" {:.6g}\n", c.value[i]);
  }
  return rows;
}

struct Extent {
  double center_x = 0, center_y = 0, half = 1;
};
/// The same scale on both axes: distances are what an embedding shows. Points with coordinates that are not finite are
/// not drawn.
Extent extent_of(std::span<float const> coordinates) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    if (!std::isfinite(coordinates[i])) continue;
    low[i % 2] = std::min(low[i % 2], static_cast<double>(coordinates[i]));
    high[i % 2] = std::max(high[i % 2], static_cast<double>(coordinates[i]));
  }
  if (low[0] > high[0] || low[1] > high[1]) return {};
  double const half = 0.53 * std::max(high[0] - low[0], high[1] - low[1]);
  return {(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, half > 0 ? half : 1};
}

std::string palette_of(Coloring const& c) {
  return c.scale == Coloring::Scale::cyclic ? cyclic_palette() : ordered_palette();
}

/// A column of dots and names from the panel's top down.
std::string legend(Coloring const& c, PanelPlace const& place) {
  constexpr int step = 19;
  double const x = static_cast<double>(place.left + place.side + 18) / place.page.width;
  auto const y = [&](int line) { return 1 - static_cast<double>(place.top + 8 + step * line) / place.page.height; };
  auto commands = fmt::format("set label 101 \"{}\" at screen {:.5f},{:.5f} left noenhanced\n", c.label,
                              x - 6.0 / place.page.width, y(0));
  for (int i = 0; i < static_cast<int>(c.most); ++i)
    commands += fmt::format(
        "set label {} \"{}\" at screen {:.5f},{:.5f} left point pointtype 7 pointsize 1 linecolor rgb \"{}\" offset "
        "1,0\n",
        102 + i, i, x, y(i + 1), category_color(i, static_cast<std::int64_t>(c.most)));
  return commands;
}

std::string color_bar(Coloring const& c, PanelPlace const& place) {
  auto const bottom = 1 - static_cast<double>(place.top + place.side) / place.page.height;
  auto const ticks =
      c.scale == Coloring::Scale::cyclic
          ? fmt::format("set cbtics (\"0\" 0, \"pi/2\" {0}, \"pi\" 2*{0}, \"3 pi/2\" 3*{0}, \"2 pi\" 4*{0})\n",
                        std::numbers::pi / 2)
          : std::string("set cbtics auto\nset format cb \"%g\"\n");
  return fmt::format(
      "{}set colorbox user origin screen {:.5f},{:.5f} size screen {:.5f},{:.5f}\nset cblabel \"{}\" offset 0.5,0 "
      "noenhanced\n",
      ticks, static_cast<double>(place.left + place.side + 14) / place.page.width, bottom, 14.0 / place.page.width,
      static_cast<double>(place.side) / place.page.height, c.label);
}

}  // namespace

Coloring by_category(std::string label, std::span<std::int64_t const> values, std::int64_t count) {
  return {Coloring::Scale::category, std::move(label), {values.begin(), values.end()}, 0, static_cast<double>(count)};
}
Coloring by_order(std::string label, std::span<std::int64_t const> values, double most) {
  return {Coloring::Scale::ordered, std::move(label), {values.begin(), values.end()}, 0, most};
}
Coloring by_phase(std::span<double const> radians) {
  return {Coloring::Scale::cyclic, "phase, rad", {radians.begin(), radians.end()}, 0, 2 * std::numbers::pi};
}

std::string draw_panel(Figure& figure, std::string const& part, EmbeddingPanel const& panel, PanelPlace const& place) {
  auto const& c = *panel.coloring;
  auto const data = figure.add_data(part, point_rows(panel));
  auto const points = panel.coordinates.size() / 2;
  auto const extent = extent_of(panel.coordinates);
  auto const across = [&](int x) { return static_cast<double>(x) / place.page.width; };
  auto const up = [&](int y) { return 1 - static_cast<double>(y) / place.page.height; };
  auto commands = fmt::format(
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\nset tmargin at screen {:.5f}\nset bmargin at screen "
      "{:.5f}\n"
      "unset key\nunset xtics\nunset ytics\nunset xlabel\nunset ylabel\nunset colorbox\nset border 15 linecolor rgb "
      "\"#444444\"\n"
      "set xrange [{:.5g}:{:.5g}]\nset yrange [{:.5g}:{:.5g}]\nset title \"{}\" offset 0,-0.6 noenhanced\n",
      across(place.left), across(place.left + place.side), up(place.top), up(place.top + place.side),
      extent.center_x - extent.half, extent.center_x + extent.half, extent.center_y - extent.half,
      extent.center_y + extent.half, panel.title);
  bool const colored = !c.value.empty(), bar = colored && !has_legend(c);
  if (bar) {
    double const most = c.scale == Coloring::Scale::category ? c.most - 1 : c.most;
    commands +=
        palette_of(c) + fmt::format("set cbrange [{:.10g}:{:.10g}]\n", c.least, most > c.least ? most : c.least + 1);
  }
  if (colored && place.key) commands += bar ? color_bar(c, place) : legend(c, place);
  if (points == 0) return commands + "plot NaN notitle\nunset label\n";
  double const size = points > 3000 ? 0.22 : points > 800 ? 0.35 : 0.6;
  commands += fmt::format(
      "plot \"{}\" every (format eq \"svg\" ? {} : 1) using 1:2{} with points pointtype 7 pointsize {} {}\nunset "
      "label\n",
      data, (points + most_svg_points - 1) / most_svg_points, colored ? ":3" : "", size,
      !colored ? "linecolor rgb \"#40777777\""
      : bar    ? "linecolor palette"
               : "linecolor rgb variable");
  return commands;
}

void draw_embeddings(std::string const& name, std::string const& heading, std::span<EmbeddingPanel const> panels,
                     int columns, std::filesystem::path const& folder) {
  constexpr int margin = 18;
  auto const count = static_cast<int>(panels.size());
  columns = std::max(1, std::min(columns, count));
  int const rows = std::max(1, (count + columns - 1) / columns), side = columns <= 2 ? 460 : columns == 3 ? 380 : 310;
  bool const shared = std::all_of(panels.begin(), panels.end(),
                                  [&](auto const& panel) { return panel.coloring == panels[0].coloring; });
  int const cell = side + margin + (shared ? 0 : panel_key_width), head = heading.empty() ? margin / 2 : 40;
  Size const page{margin + columns * cell + (shared ? panel_key_width : 0),
                  head + rows * (side + panel_title_height) + margin};
  Figure figure(name, page);
  auto commands = std::string("set multiplot\n");
  if (!heading.empty())
    commands +=
        fmt::format("set label 100 \"{}\" at screen 0.5,{:.5f} center noenhanced\n", heading, 1 - 20.0 / page.height);
  for (int i = 0; i < count; ++i)
    commands += draw_panel(figure, fmt::format("panel{}", i + 1), panels[static_cast<std::size_t>(i)],
                           {.left = margin + i % columns * cell,
                            .top = head + panel_title_height + i / columns * (side + panel_title_height),
                            .side = side,
                            .page = page,
                            .key = !shared || i == columns - 1});
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace mambasynth::analysis::plot
