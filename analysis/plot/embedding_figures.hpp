#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"

namespace mambasynth::analysis::plot {

/// What the points of an embedding are colored by.
struct Coloring {
  enum class Scale {
    category,  ///< whole numbers from 0 below `most`; up to ten get a legend, more a color bar
    ordered,   ///< from `least` to `most`
    cyclic     ///< the same, with one color for both ends
  };
  Scale scale = Scale::category;
  std::string label;          ///< of the legend or color bar: "circle", "phase, rad"
  std::vector<double> value;  ///< (point); empty: all gray, without a legend
  double least = 0, most = 0;
};
Coloring by_category(std::string label, std::span<std::int64_t const> values, std::int64_t count);
Coloring by_order(std::string label, std::span<std::int64_t const> values, double most);  ///< from 0
Coloring by_phase(std::span<double const> radians);                                       ///< from 0 to 2 pi

/// One embedding in two dimensions; the coloring must outlive it.
struct EmbeddingPanel {
  std::string title;                   ///< e.g. "layer_3 (128-D)  LB 4.8"
  std::span<float const> coordinates;  ///< (point, 2)
  Coloring const* coloring = nullptr;
};

/// Where a panel lies, in pixels from the upper left corner of the page; the title is above it, a key to the right.
struct PanelPlace {
  int left = 0, top = 0, side = 0;
  Size page;
  bool key = true;
};
inline constexpr int panel_key_width = 110;    ///< what a key needs to the right of its panel
inline constexpr int panel_title_height = 30;  ///< what a title needs above it

/// gnuplot commands that draw one panel of a multiplot; its points become a data file of `figure`. The PNG shows all
/// points; above 2,500, the SVG shows only every second, third, ..., since it would be slow to open.
std::string draw_panel(Figure& figure, std::string const& part, EmbeddingPanel const& panel, PanelPlace const& place);

/// A grid of square panels, row by row, in `folder`. `heading` above them may be empty. Panels with the same coloring
/// share a key on the right; otherwise each has its own. Axes have no numbers: those of a UMAP mean nothing.
void draw_embeddings(std::string const& name, std::string const& heading, std::span<EmbeddingPanel const> panels,
                     int columns, std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::plot
