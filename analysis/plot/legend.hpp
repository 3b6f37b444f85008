#pragma once

#include <string>
#include <vector>

namespace mambasynth::analysis::plot {

/// How a line looks, in a panel and in the legend.
struct LineStyle {
  std::string color = "#000000";
  int dash = 1;        ///< gnuplot's dashtype; 1 is solid
  int point = 0;       ///< gnuplot's pointtype; 0: no points
  double width = 1.5;  ///< 0: points alone
};

/// As a gnuplot style: "linecolor rgb ... dashtype ... linewidth ...", without points.
std::string line_words(LineStyle const& style);

struct LegendEntry {
  std::string name;
  LineStyle style;
};

/// A legend below the panels, in as many columns as fit, so that it never covers data.
class Legend {
 public:
  /// `title` above and `note` below the entries may be empty; `width`: of the page, pixels.
  Legend(std::string title, std::vector<LegendEntry> entries, int width, std::string note = {});
  [[nodiscard]] int height() const;
  /// Labels and arrows at the bottom of a page; set them only before the last panel is plotted.
  [[nodiscard]] std::string commands(int page_height) const;

 private:
  [[nodiscard]] int rows() const;
  std::string title_, note_;
  std::vector<LegendEntry> entries_;
  int width_, column_, columns_;
};

/// `text` escaped for a double-quoted gnuplot string, at most `longest` characters.
std::string quotable(std::string const& text, std::size_t longest = 44);

}  // namespace mambasynth::analysis::plot
