#include "analysis/plot/embedding_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/palette.hpp"
#include "analysis/plot/style.hpp"
#include "analysis/plot/text.hpp"
#include "analysis/plot/ticks.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr double most_legend_entries = 10;
// A quarter of a megabyte of SVG each: 100 bytes a mark, 33 a dot.
constexpr std::size_t marks_of_figure = 2500, dots_of_figure = 6000;
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

bool as_dots(std::size_t points, std::size_t panels) { return points * panels > marks_of_figure; }

/// Points of one color: gnuplot's condition on column 3, and the color.
struct Shade {
  std::string chosen, color;
};

std::vector<Shade> shades_of(Coloring const& c) {
  std::vector<Shade> shades;
  if (c.value.empty()) return {{"1", "rgb \"#40777777\""}};
  if (has_legend(c)) {
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(c.most); ++i) {
      auto const color = veil + category_color(i, static_cast<std::int64_t>(c.most)).substr(1);
      shades.push_back({fmt::format("$3 == {}", color), fmt::format("rgb {}", color)});
    }
    return shades;
  }
  constexpr int bins = 24;  // more could not be told apart, and take longer to draw
  double const width = std::max(c.most - c.least, 1e-9) / bins;
  for (int i = 0; i < bins; ++i) {
    double const low = c.least + i * width;
    auto const above = i == 0 ? std::string("1") : fmt::format("$3 >= {:.10g}", low);
    auto const below = i + 1 == bins ? std::string("1") : fmt::format("$3 < {:.10g}", low + width);
    shades.push_back({above + " && " + below, fmt::format("palette cb {:.10g}", low + width / 2)});
  }
  return shades;
}

/// Squares, as strokes as long as they are wide: gnuplot writes all of a color as one path.
std::string dot_plots(std::string const& data, Coloring const& c, std::size_t stride, Frame const& frame,
                      double range) {
  double const side = 0.3 * std::min(2.0, std::cbrt(static_cast<double>(stride)));  // millimeters
  double const half = side / 2 / frame.width * range;
  constexpr double points_of_millimeter = 72 / 25.4;
  std::string plots;
  for (auto const& [chosen, color] : shades_of(c))
    plots += fmt::format(
        "{}\"{}\" every {} using ({} ? $1-{:.5g} : NaN):2:({:.5g}):(0) notitle with vectors nohead linewidth {:.3g} "
        "linecolor "
        "{}",
        plots.empty() ? "" : ", \\\n  ", data, stride, chosen, half, 2 * half, line_width(side * points_of_millimeter),
        color);
  return plots;
}

}  // namespace

std::size_t shown_stride(std::size_t points, std::size_t panels) {
  auto const most = std::max<std::size_t>(1, dots_of_figure / std::max<std::size_t>(1, panels));
  return std::max<std::size_t>(1, (points + most - 1) / most);
}

std::string stride_note(std::size_t points, std::size_t panels) {
  auto const stride = shown_stride(points, panels);
  return stride > 1 ? fmt::format("SVG and PDF show one point in {}, the PNG shows all.", stride) : std::string();
}

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
                       Paper const& paper, bool key, std::size_t panels) {
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
  auto const marks =
      fmt::format("plot \"{}\" using 1:2{} with points pointtype 7 pointsize {} {}\n", data, colored ? ":3" : "", size,
                  !colored ? "linecolor rgb \"#40777777\""
                  : bar    ? "linecolor palette"
                           : "linecolor rgb variable");
  if (!as_dots(points, panels)) return commands + marks;
  return commands + fmt::format("if (format eq \"png\") {{\n{}}} else {{\nplot {}\n}}\n", marks,
                                dot_plots(data, c, shown_stride(points, panels), frame, 2 * extent.half));
}

void draw_embeddings(std::string const& name, std::string const& heading, std::span<EmbeddingPanel const> panels,
                     int columns, std::string const& points, std::vector<std::string> notes,
                     std::filesystem::path const& folder) {
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
  std::size_t most_points = 0;
  for (auto const& panel : panels) most_points = std::max(most_points, panel.coordinates.size() / 2);
  auto lines = fmt::format("Each point is one of {} {}{}; no intervals.", count_text(most_points), points,
                           count > 1 ? ", the same in every panel" : "");
  if (auto const left_out = stride_note(most_points, panels.size()); !left_out.empty()) lines += " " + left_out;
  notes.insert(notes.begin(), std::move(lines));
  Legend const below("", {}, notes, width);
  double const end = head + rows * (side + panel_title_height) + margin / 2;
  Size const size{width, end + below.height()};
  Paper const paper(size);
  Figure figure(name, size);
  std::string commands = "set multiplot\n";
  for (int i = 0; i < count; ++i) {
    Frame const frame{.left = margin + i % columns * cell,
                      .top = head + panel_title_height + i / columns * (side + panel_title_height),
                      .width = side,
                      .height = side};
    auto panel = draw_panel(figure, fmt::format("panel{}", i + 1), panels[static_cast<std::size_t>(i)], frame, paper,
                            !shared || i == columns - 1, panels.size());
    if (i == 0) {
      auto words = below.commands(paper, end);
      if (!heading.empty())
        words += paper.text(shortened(heading, width - 2 * margin, text_points), margin, margin / 2 + text_height / 2);
      panel.insert(panel.find("unset key"), words);
    }
    commands += panel;
  }
  figure.set_commands(commands + "unset multiplot\n");
  figure.draw(folder);
}

}  // namespace mambasynth::analysis::plot
