#pragma once

#include <string>

namespace mambasynth::analysis::plot {

/// Millimeters on paper.
struct Size {
  double width = 85;
  double height = 55;
};
/// Of a screen with 96 pixels an inch, which is what a pixel of an SVG is.
Size pixels(double width, double height);

/// Of the PNG.
inline constexpr double png_dpi = 300;

/// gnuplot commands that choose the terminal of `format` (the script's variable: svg, png or pdf) and its output, for
/// the same text sizes and line widths in print: text of 8 points, lines of width 1 with 0.75 points. `name`: of the
/// files, in the folder above that of the script.
std::string terminal_commands(std::string const& name, Size const& size);

}  // namespace mambasynth::analysis::plot
