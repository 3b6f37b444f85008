#pragma once

#include <string>
#include <vector>

#include "analysis/plot/axis.hpp"
#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/paper.hpp"
#include "analysis/plot/style.hpp"

/// One panel: series with intervals over an axis, beside references with labels of their own.
namespace mambasynth::analysis::plot {

/// How intervals are drawn: as bars at their points, or as a band if points are joined.
enum class Spread { none, bars, band };

/// Points in the order of x. NaN in y: no point. `low` and `high` are the ends of the intervals; empty: none.
struct Series {
  std::string name;  ///< in the legend and in the data file; equal names share an entry
  LineStyle style;
  std::vector<double> x, y, low = {}, high = {};
  bool joined = true;  ///< by a line, which a missing point and an axis' break interrupt
  Spread spread = Spread::bars;
  bool across = false;          ///< intervals lie along x
  std::vector<bool> open = {};  ///< points with open marks; empty: none
  bool in_legend = true;
  /// Millimeters aside of their places (to the left, or below if intervals lie along x); never if points are joined.
  double aside = 0;
};

/// What the series are to be read against: a control, an optimum. It never sets the scale. Where the axis shows its
/// last point, its name is beside it at the right edge; otherwise the name is above the panel (or below), with its
/// values and an arrow.
struct Reference {
  std::string name;
  std::vector<double> x, y;
  std::size_t dash = 0;  ///< the same for the same reference in all panels
};
/// The same at every x.
Reference level(std::string name, Axis const& x, double y, std::size_t dash = 0);

struct Panel {
  std::string part;  ///< of its data file's name
  std::string title;
  Axis x, y;
  std::vector<Series> series = {};
  std::vector<Reference> references = {};
  std::vector<Tick> remarks = {};  ///< text at the right edge, at places of the y axis
  bool grid = true;
  double height = 0;  ///< of the frame, millimeters; 0: as the page has it
};

/// Room around a panel's frame, in millimeters.
struct Margins {
  double left = 0, right = 0, below = 0;
};
/// What the panel's texts need; `labeled`: whether its x axis has labels. What is above depends on the frame's width,
/// which depends on the margins at both sides.
Margins margins_of(Panel const& panel, bool labeled);
double room_above(Panel const& panel, double frame_width);

/// The commands that draw a panel, for a multiplot; adds its data to `figure`: a block for each series and reference
/// with any value, headed by its name: x, y, ends of the interval. `frame` lies on `paper`. `more`: labels and lines to
/// draw with it.
std::string panel_commands(Figure& figure, Panel const& panel, Frame const& frame, Paper const& paper, bool labeled,
                           std::string const& more = {});

}  // namespace mambasynth::analysis::plot
