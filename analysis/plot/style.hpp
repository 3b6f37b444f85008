#pragma once

#include <cstddef>
#include <string>

/// The one style of all figures, in print sizes: millimeters and points.
namespace mambasynth::analysis::plot {

inline constexpr double one_column = 85, two_columns = 180;  ///< widths of a figure on a journal's page
inline constexpr double text_points = 8, small_points = 7;
inline constexpr double text_height = 3.5, small_height = 3.1;   ///< from one line of such text to the next
inline constexpr double thin = 0.5, normal = 0.75, thick = 1.0;  ///< lines, points

inline constexpr char const* ink = "#000000";
inline constexpr char const* frame_gray = "#444444";
inline constexpr char const* reference_gray = "#6e6e6e";  ///< of controls and optima; 5:1 on white, so text can have it
inline constexpr char const* grid_gray = "#e4e4e4";

/// How a line looks, in a panel and in the legend.
struct LineStyle {
  std::string color = ink;
  int dash = 1;           ///< gnuplot's dashtype; 1 is solid
  int point = 0;          ///< gnuplot's pointtype; 0: no points
  double width = normal;  ///< points; 0: marks alone
};

/// gnuplot's linewidth of a line of so many points.
double line_width(double points);
/// As a gnuplot style: "linecolor rgb ... dashtype ... linewidth ...", without marks.
std::string line_words(LineStyle const& style);
/// "pointtype ... pointsize ... linecolor ...": marks that are filled, or open in the same shape.
std::string mark_words(LineStyle const& style, bool open = false);

/// Curve `index` of `count`: hues and shapes if they are of different kinds.
LineStyle category_style(std::size_t index);
/// The same if the curves have an order: dark to light, each with its shape.
LineStyle ordered_style(std::size_t index, std::size_t count);
/// Of controls and optima: gray, told apart by dashes.
LineStyle reference_style(std::size_t index);
/// Single values behind a mean: small, faint, open.
LineStyle single_value_style();

}  // namespace mambasynth::analysis::plot
