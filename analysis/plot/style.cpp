#include "analysis/plot/style.hpp"

#include <fmt/format.h>

#include <array>

#include "analysis/plot/palette.hpp"

namespace mambasynth::analysis::plot {
namespace {

/// terminals.cpp draws lines of width 1 so.
constexpr double points_of_unit = 0.75;

struct Shape {
  int filled, open;
};
constexpr std::array<Shape, 6> shapes{{{7, 6}, {5, 4}, {9, 8}, {13, 12}, {11, 10}, {15, 14}}};

int open_shape(int point) {
  for (auto const& shape : shapes)
    if (shape.filled == point) return shape.open;
  return point;
}

bool small(LineStyle const& style) { return style.width == 0 && style.point == shapes[0].open; }

}  // namespace

double line_width(double points) { return points / points_of_unit; }

std::string line_words(LineStyle const& style) {
  return fmt::format("linecolor rgb \"{}\" dashtype {} linewidth {:.3g}", style.color, style.dash,
                     line_width(style.width));
}

std::string mark_words(LineStyle const& style, bool open) {
  constexpr double mark_size = 0.45, single_size = 0.3;
  return fmt::format("pointtype {} pointsize {} linewidth {:.3g} linecolor rgb \"{}\"",
                     open ? open_shape(style.point) : style.point, small(style) ? single_size : mark_size,
                     line_width(small(style) ? thin : normal), style.color);
}

LineStyle category_style(std::size_t index) {
  return {.color = series_color(index), .point = shapes[index % shapes.size()].filled};
}

LineStyle ordered_style(std::size_t index, std::size_t count) {
  return {.color = ordered_color(index, count), .point = shapes[index % shapes.size()].filled};
}

LineStyle reference_style(std::size_t index) {
  constexpr std::array dashes{2, 3, 4, 5};
  return {.color = reference_gray, .dash = dashes[index % dashes.size()], .width = normal};
}

LineStyle single_value_style() { return {.color = "#9a9a9a", .point = shapes[0].open, .width = 0}; }

}  // namespace mambasynth::analysis::plot
