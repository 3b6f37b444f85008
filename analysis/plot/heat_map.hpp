#pragma once

#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"

namespace mambasynth::analysis::plot {

/// A square matrix of numbers from 0 to 1, named alike on both axes.
struct HeatMap {
  std::string part;  ///< of the data file's name
  std::string title;
  std::string axis;  ///< what the names are
  std::vector<std::string> names;
  std::vector<double> matrix;  ///< (name, name), row-major, the first row on top
};

/// Edges as shares of the page; the colour bar stands to the right of them.
struct HeatMapPlace {
  double left, right, bottom, top;
  bool bar = true;
};

/// Adds the data to `figure`; the commands that plot it inside a multiplot. Numbers are written into cells that are not
/// too many; cells without a number stay white.
std::string heat_map(Figure& figure, HeatMap const& map, HeatMapPlace const& place);

}  // namespace mambasynth::analysis::plot
