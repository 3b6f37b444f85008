#include "analysis/plot/embedding_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/plot/palette.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/plot/ticks.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr double most_legend_entries = 10;
constexpr std::size_t marks_of_figure = 5000;  // half a megabyte of SVG
constexpr char const* veil = "0x40";           // a quarter transparent, so that density shows

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
std::string legend(Coloring const& c, Frame const& frame, Paper const& paper) {
  double const x = frame.right() + 2.5;
  auto commands = paper.text(c.label, x - 1, frame.top + text_height / 2);
  for (int i = 0; i < static_cast<int>(c.most); ++i) {
    double const y = frame.top + (i + 1.6) * text_height;
    LineStyle const style{.color = category_color(i, static_cast<std::int64_t>(c.most)), .point = 7, .width = 0};
    commands += paper.mark(x, y, mark_words(style)) + paper.text(fmt::format("{}", i), x + 1.6, y);
  }
  return commands;
}

std::string color_bar(Coloring const& c, Frame const& frame, Paper const& paper) {
  Frame const bar{.left = frame.right() + 2,
                  .top = frame.top + 1.5 * text_height,
                  .width = 2.5,
                  .height = frame.height - 1.5 * text_height};
  std::string ticks;
  if (c.scale == Coloring::Scale::cyclic) {
    ticks = fmt::format("set cbtics (\"0\" 0, \"π/2\" {0}, \"π\" 2*{0}, \"3π/2\" 3*{0}, \"2π\" 4*{0})\n",
                        std::numbers::pi / 2);
  } else {
    double const most = std::max(c.scale == Coloring::Scale::category ? c.most - 1 : c.most, c.least + 1);
    ticks = fmt::format("set cbtics {}\n", tick_words(even_ticks(c.least, most)));
  }
  return ticks + paper.color_bar(bar) + paper.text(c.label, frame.right() + 1.5, frame.top + text_height / 2);
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

std::string draw_panel(Figure& figure, std::string const& part, EmbeddingPanel const& panel, Frame const& frame,
                       Paper const& paper, bool key, std::size_t most_marks) {
  auto const& c = *panel.coloring;
  auto const data = figure.add_data(part, point_rows(panel));
  auto const points = panel.coordinates.size() / 2;
  auto const extent = extent_of(panel.coordinates);
  auto commands = paper.margins(frame);
  commands += fmt::format(
      "unset label\nunset key\nunset xtics\nunset ytics\nunset xlabel\nunset ylabel\nunset title\nunset colorbox\nset "
      "border 15 linecolor rgb \"{}\" linewidth {:.3g}\nset xrange [{:.5g}:{:.5g}]\nset yrange [{:.5g}:{:.5g}]\n",
      frame_gray, line_width(thin), extent.center_x - extent.half, extent.center_x + extent.half,
      extent.center_y - extent.half, extent.center_y + extent.half);
  std::string const title = shortened(panel.title, frame.width + 1, small_points);
  commands += paper.small_text(title, frame.left, frame.top - text_height / 2);
  bool const colored = !c.value.empty(), bar = colored && !has_legend(c);
  if (bar) {
    double const most = c.scale == Coloring::Scale::category ? c.most - 1 : c.most;
    commands +=
        palette_of(c) + fmt::format("set cbrange [{:.10g}:{:.10g}]\n", c.least, most > c.least ? most : c.least + 1);
  }
  if (colored && key) commands += bar ? color_bar(c, frame, paper) : legend(c, frame, paper);
  if (points == 0) return commands + "plot NaN notitle\n";
  double const size = points > 3000 ? 0.1 : points > 800 ? 0.16 : 0.25;
  auto const stride = (points + most_marks - 1) / most_marks;
  return commands + fmt::format(
                        "plot \"{}\" every (format eq \"png\" ? 1 : {}) using 1:2{} with points pointtype 7 pointsize "
                        "{}*(format eq "
                        "\"png\" ? 1 : {:.3g}) {}\n",
                        data, stride, colored ? ":3" : "", size, std::min(2.0, std::cbrt(static_cast<double>(stride))),
                        !colored ? "linecolor rgb \"#40777777\""
                        : bar    ? "linecolor palette"
                                 : "linecolor rgb variable");
}

void draw_embeddings(std::string const& name, std::string const& heading, std::span<EmbeddingPanel const> panels,
                     int columns, std::filesystem::path const& folder) {
  constexpr double margin = 2, between = 3;
  auto const count = static_cast<int>(panels.size());
  columns = std::max(1, std::min(columns, count));
  int const rows = std::max(1, (count + columns - 1) / columns);
  double const width = columns == 1 ? one_column : two_columns;
  bool const shared = std::all_of(panels.begin(), panels.end(),
                                  [&](auto const& panel) { return panel.coloring == panels[0].coloring; });
  int const keys = shared ? 1 : columns;
  double const side = (width - 2 * margin - between * (columns - 1) - keys * panel_key_width) / columns;
  double const cell = side + between + (shared ? 0 : panel_key_width);
  double const head = heading.empty() ? margin / 2 : margin + text_height;
  Size const size{width, head + rows * (side + panel_title_height) + margin};
  Paper const paper(size);
  Figure figure(name, size);
  std::string commands = "set multiplot\n";
  for (int i = 0; i < count; ++i) {
    Frame const frame{.left = margin + i % columns * cell,
                      .top = head + panel_title_height + i / columns * (side + panel_title_height),
                      .width = side,
                      .height = side};
    auto panel = draw_panel(figure, fmt::format("panel{}", i + 1), panels[static_cast<std::size_t>(i)], frame, paper,
                            !shared || i == columns - 1,
                            std::max<std::size_t>(1, marks_of_figure / static_cast<std::size_t>(count)));
    if (i == 0 && !heading.empty())
      panel.insert(panel.find("unset key"), paper.text(heading, margin, margin / 2 + text_height / 2));
    commands += panel;
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace mambasynth::analysis::plot
