#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "analysis/plot/gnuplot.hpp"
#include "analysis/plot/paper.hpp"

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

/// What a key needs to the right of its panel, and a title above it, in millimeters.
inline constexpr double panel_key_width = 17, panel_title_height = 5;

/// gnuplot commands that draw one panel of a multiplot in a square `frame`; its points become a data file of `figure`.
/// `panels`: so many share the page. The PNG shows all points. In the other formats, many points are small squares, of
/// which a file holds four times as many in the same space, and at most every shown_stride()-th, so that they stay
/// below 300 kB and open at once. `key`: with the coloring's key at the right.
std::string draw_panel(Figure& figure, std::string const& part, EmbeddingPanel const& panel, Frame const& frame,
                       Paper const& paper, bool key, std::size_t panels);
std::size_t shown_stride(std::size_t points, std::size_t panels);
/// What a reader must know of points that SVG and PDF leave out; nothing if they show all.
std::string stride_note(std::size_t points, std::size_t panels);

/// A grid of square panels, row by row, in `folder`. `heading` above them may be empty. Panels with the same coloring
/// share a key on the right; otherwise each has its own. Axes have no numbers: those of a UMAP mean nothing. `points`:
/// what a point is, "steps of the series"; the note below counts them. `notes` follow.
void draw_embeddings(std::string const& name, std::string const& heading, std::span<EmbeddingPanel const> panels,
                     int columns, std::string const& points, std::vector<std::string> notes,
                     std::filesystem::path const& folder);

}  // namespace mambasynth::analysis::plot
