#pragma once

#include <string>

#include "analysis/plot/terminals.hpp"

/// Places on a figure, in millimeters from its upper left corner, as gnuplot commands.
namespace mambasynth::analysis::plot {

struct Frame {
  double left, top, width, height;
  [[nodiscard]] double right() const { return left + width; }
  [[nodiscard]] double bottom() const { return top + height; }
};

enum class Align { left, center, right };

class Paper {
 public:
  explicit Paper(Size size) : size_(size) {}
  [[nodiscard]] Size size() const { return size_; }

  /// "screen 0.1,0.2"
  [[nodiscard]] std::string at(double x, double y) const;
  /// The margins of the plot in `frame`.
  [[nodiscard]] std::string margins(Frame const& frame) const;
  /// Text whose middle is at y. `more`: gnuplot words after it.
  [[nodiscard]] std::string text(std::string const& words, double x, double y, Align align = Align::left,
                                 std::string const& more = "") const;
  [[nodiscard]] std::string small_text(std::string const& words, double x, double y, Align align = Align::left,
                                       std::string const& more = "") const;
  /// Reading upwards, centered at y.
  [[nodiscard]] std::string upright_text(std::string const& words, double x, double y) const;
  [[nodiscard]] std::string line(double x, double y, double to_x, double to_y, std::string const& style) const;
  [[nodiscard]] std::string mark(double x, double y, std::string const& style) const;
  /// A color bar in `bar`.
  [[nodiscard]] std::string color_bar(Frame const& bar) const;

 private:
  Size size_;
};

/// `set xtics` or `set ytics` (`axis`: "x" or "y") with these labels.
struct Axis;
std::string tick_commands(char const* axis, Axis const& ticks, bool labeled);

}  // namespace mambasynth::analysis::plot
