#include "analysis/plot/terminals.hpp"

#include <fmt/format.h>

#include <cmath>

#include "analysis/plot/style.hpp"

namespace mambasynth::analysis::plot {
namespace {

constexpr double millimeters_of_inch = 25.4;
constexpr double svg_dpi = 96, points_of_inch = 72;

long at(double dpi, double millimeters) { return std::lround(millimeters / millimeters_of_inch * dpi); }

}  // namespace

Size pixels(double width, double height) {
  return {width / svg_dpi * millimeters_of_inch, height / svg_dpi * millimeters_of_inch};
}

std::string terminal_commands(std::string const& name, Size const& size) {
  // The cairo terminals take a font's size at 96 dots an inch. Unscaled, pdfcairo draws lines of half a point.
  constexpr double png_scale = png_dpi / svg_dpi, pdf_font_scale = points_of_inch / svg_dpi, pdf_line_scale = 1.5;
  return fmt::format(
      "if (!exists(\"svg_file\")) svg_file = \"../{0}.svg\"\n"
      "if (!exists(\"png_file\")) png_file = \"../{0}.png\"\n"
      "if (!exists(\"pdf_file\")) pdf_file = \"../{0}.pdf\"\n"
      "do for [format in \"svg png pdf\"] {{\n"
      "reset\n"
      "if (format eq \"svg\") {{\n"
      "  set terminal svg size {1},{2} font \"sans-serif,{3:.5g}\" linewidth 1 background \"white\"\n"
      "  set output svg_file\n"
      "}}\n"
      "if (format eq \"png\") {{\n"
      "  set terminal pngcairo size {4},{5} font \"sans,{6}\" fontscale {7} linewidth {7} pointscale {7} background "
      "\"white\"\n"
      "  set output png_file\n"
      "}}\n"
      "if (format eq \"pdf\") {{\n"
      "  set terminal pdfcairo size {8:.4f}cm,{9:.4f}cm font \"sans,{6}\" fontscale {10} linewidth {11} pointscale "
      "{10} background \"white\"\n"
      "  set output pdf_file\n"
      "}}\n"
      "small = format eq \"svg\" ? \",{12:.5g}\" : \",{13}\"\n",
      name, at(svg_dpi, size.width), at(svg_dpi, size.height), text_points / points_of_inch * svg_dpi,
      at(png_dpi, size.width), at(png_dpi, size.height), text_points, png_scale, size.width / 10, size.height / 10,
      pdf_font_scale, pdf_line_scale, small_points / points_of_inch * svg_dpi, small_points);
}

}  // namespace mambasynth::analysis::plot
