#pragma once

#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"

namespace mambasynth::analysis::plot {

/// A square matrix of numbers from 0 to 1, with the same names on both axes.
struct HeatMap {
  std::string part;  ///< of the data file's name
  std::string title;
  std::string axis;  ///< what the names are
  std::vector<std::string> names;
  std::vector<double> matrix;  ///< (name, name), row-major, the first row on top
};

/// Edges as shares of the page; the color bar is to the right of them.
struct HeatMapPlace {
  double left, right, bottom, top;
  bool bar = true;
};

/// Adds the data to `figure` and returns the commands that plot it inside a multiplot. If there are few enough cells,
/// each shows its number; NaN cells stay white.
std::string heat_map(Figure& figure, HeatMap const& map, HeatMapPlace const& place);

}  // namespace mambasynth::analysis::plot
