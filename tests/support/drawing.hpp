#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// What gnuplot's SVG shows: series, labels and axes, in pixels from the upper left corner and in the units of the
/// axes.
namespace mambasynth::tests {

struct Place {
  double x = 0, y = 0;
};
struct Stroke {
  std::string color;
  std::vector<Place> path;
};
struct Mark {
  std::string color;
  Place at;
};
struct Area {
  std::string color;
  std::vector<Place> corners;
};
/// A heat map; `data` is its PNG.
struct Image {
  Place corner;
  double width = 0, height = 0;
  std::int64_t columns = 0, rows = 0;
  std::string data;
};
struct Text {
  std::string words;
  Place at;              ///< of the anchor, on the baseline
  std::string anchor;    ///< "start", "middle" or "end"
  double size = 0;       ///< of the font, pixels
  bool upright = false;  ///< reads upwards
};

/// What one element of a `plot` command draws, except its sample in the key and the white marks that gnuplot draws
/// below points to erase lines.
struct Plot {
  std::string title;  ///< gnuplot's: the key's entry, or what is plotted
  std::string key;    ///< the entry in the key; empty if there is none
  std::vector<Stroke> strokes;
  std::vector<Mark> marks;
  std::vector<Area> areas;
  std::vector<Image> images;
  std::vector<Text> labels;

  [[nodiscard]] std::vector<Place> line() const;    ///< all strokes, concatenated
  [[nodiscard]] std::vector<Place> points() const;  ///< the centers of the marks
  [[nodiscard]] std::set<std::string> mark_colors() const;
};

/// Ticks that have a label, by pixel.
struct Axis {
  std::vector<std::pair<double, std::string>> ticks;

  [[nodiscard]] std::vector<std::string> labels() const;
  /// In units of the axis. Throws std::runtime_error unless at least two ticks are numbers and all of them agree.
  [[nodiscard]] double value(double pixel, bool logarithmic = false) const;
};

struct Logarithmic {
  bool x = false, y = false;
};

/// `right`: a second y axis or the color bar.
struct DrawnPanel {
  Axis x, y, right;
  std::vector<Plot> plots;

  /// In units of the axes x and y. `shared_x`: the x axis of the panel below, if this one's has no labels.
  [[nodiscard]] std::vector<Place> values(std::vector<Place> const& pixels, Logarithmic logarithmic = {},
                                          Axis const* shared_x = nullptr) const;
};

struct Drawing {
  double width = 0, height = 0;
  std::vector<DrawnPanel> panels;  ///< in the order of their `plot` commands
  std::vector<Stroke> strokes;     ///< outside plots: borders, ticks, grid lines, arrows, samples of a legend
  std::vector<Mark> marks;         ///< outside plots: samples of a legend
  std::vector<Text> texts;         ///< all

  [[nodiscard]] bool says(std::string const& words) const;  ///< whether a text is exactly `words`
  /// Panels that show only axes and titles.
  [[nodiscard]] std::int64_t blank_panels() const;
  [[nodiscard]] bool blank() const { return blank_panels() == static_cast<std::int64_t>(panels.size()); }
};

/// Throws std::runtime_error if `file` is missing, is not UTF-8, or is not a complete SVG of gnuplot.
Drawing read_drawing(std::filesystem::path const& file);

}  // namespace mambasynth::tests
