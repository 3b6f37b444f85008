#pragma once

#include <string>
#include <vector>

#include "analysis/plot/paper.hpp"
#include "analysis/plot/style.hpp"

namespace mambasynth::analysis::plot {

struct LegendEntry {
  std::string name;
  LineStyle style;
  bool band = false;  ///< the sample has a band behind its line
  bool open = false;  ///< an open mark
};

/// A legend below the panels, in rows, so that it never covers data; and notes, which say what intervals are.
class Legend {
 public:
  /// `title` before the entries may be empty; `width` of the page, millimeters.
  Legend(std::string const& title, std::vector<LegendEntry> const& entries, std::vector<std::string> const& notes,
         double width);
  [[nodiscard]] double height() const { return height_; }
  /// Commands that draw it with its upper edge at `top`; set them only before the last panel is plotted.
  [[nodiscard]] std::string commands(Paper const& paper, double top) const;

 private:
  struct Item {
    LegendEntry entry;
    double left, middle;
    bool sample;
  };
  std::vector<Item> items_;
  std::vector<std::string> notes_;
  double rows_end_ = 0, height_ = 0;
};

}  // namespace mambasynth::analysis::plot
