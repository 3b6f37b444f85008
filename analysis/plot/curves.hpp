#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"

/// Means with intervals over a common axis, as wide as a column of a page.
namespace mambasynth::analysis::plot {

/// One value for each x, NaN if it is missing. `low` and `high` are the ends of each interval; empty: no intervals.
struct Curve {
  std::string name;
  std::vector<double> mean, low, high;
  std::vector<std::vector<double>> singles = {};  ///< the values behind each mean, drawn as rings; empty: not shown
};

struct Panel {
  std::string part;  ///< of its data file's name
  std::string title, ylabel;
  std::vector<Curve> curves;      ///< the same number in each panel, in the same order; one may hold nothing but NaN
  std::vector<Curve> references;  ///< to read the curves against: thin, dashed, without intervals
  bool log_y = false;
};

struct Curves {
  std::string name;  ///< of the files
  std::string legend_title;
  std::string xlabel;
  std::vector<double> x;
  std::vector<std::string> ticks;  ///< the label at each x; empty: gnuplot chooses numbers
  bool log2_x = false;
  std::vector<Panel> panels;
  std::string note = {};  ///< below the legend
};

/// With more x values than this, the bars of eight curves would touch, so intervals become bands.
inline constexpr std::size_t most_bars = 12;

/// Panels one below the other, with intervals as bars for up to a dozen x and as bands for more, and the legend below.
/// More than eight curves take several pages NAME_1, NAME_2, ... with the same axes, since more colors cannot be told
/// apart. NAME_<part>.dat: a block for each curve that has any value, headed by its name: x mean low high; where single
/// values are shown, one more: x value. The panels show all means and at least three quarters of the intervals whole;
/// far wider ones are cut.
void draw_curves(Curves const& figure, std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::plot
