#pragma once

#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/paper.hpp"

namespace mambasynth::analysis::plot {

/// A square matrix of numbers, with the same names on both axes.
struct HeatMap {
  std::string part;  ///< of the data file's name
  std::string title;
  std::string axis;  ///< what the names are
  std::vector<std::string> names;
  std::vector<double> matrix;  ///< (name, name), row-major, the first row on top
  double low = 0, high = 1;    ///< of the colors
  std::string quantity = {};   ///< above the color bar
  bool triangle = false;       ///< of a symmetric matrix: what is above the diagonal would be the same again
};

/// Room around the frame, in millimeters; the color bar needs bar_room more at the right.
struct HeatMapRoom {
  double left, above, below;
};
inline constexpr double bar_room = 17;
/// Without the names of an axis, which another map in its row or column has.
HeatMapRoom room_of(HeatMap const& map, bool x_names = true, bool y_names = true);

struct HeatMapParts {
  bool x_names = true, y_names = true, bar = true;
};

/// Adds the data to `figure` and returns the commands that plot it in `frame` inside a multiplot. If the cells are
/// large enough, each shows its number; NaN cells stay white. `more`: labels to draw with it.
std::string heat_map(Figure& figure, HeatMap const& map, Frame const& frame, Paper const& paper,
                     HeatMapParts const& parts = {}, std::string const& more = {});

/// The range of all finite numbers of `matrices`, with round ends, so that colors show their differences.
struct ColorRange {
  double low = 0, high = 1;
};
ColorRange color_range(std::vector<std::vector<double>> const& matrices, bool without_diagonal = false);

}  // namespace mambasynth::analysis::plot
