#include "analysis/plot/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mambasynth::analysis::plot {
namespace {

constexpr double between_columns = 3, outer_edge = 1;

bool same_axis(Axis const& a, Axis const& b) {
  auto const same = [](Tick const& one, Tick const& other) { return one.at == other.at && one.label == other.label; };
  return a.title == b.title && a.low == b.low && a.high == b.high && a.log == b.log &&
         std::equal(a.ticks.begin(), a.ticks.end(), b.ticks.begin(), b.ticks.end(), same);
}

bool drawn(Series const& series) {
  return std::any_of(series.y.begin(), series.y.end(), [](double y) { return std::isfinite(y); });
}

std::vector<LegendEntry> entries_of(Page const& page) {
  std::vector<LegendEntry> entries;
  for (auto const& panel : page.panels)
    for (auto const& series : panel.series) {
      bool const known =
          std::any_of(entries.begin(), entries.end(), [&](auto const& e) { return e.name == series.name; });
      if (series.in_legend && !series.name.empty() && drawn(series) && !known)
        entries.push_back(
            {.name = series.name, .style = series.style, .band = series.spread == Spread::band && !series.low.empty()});
    }
  entries.insert(entries.end(), page.more.begin(), page.more.end());
  return entries;
}

class Layout {
 public:
  explicit Layout(Page const& page)
      : page_(page),
        columns_(std::max(1, std::min(page.columns, static_cast<int>(page.panels.size())))),
        column_width_((page.width - 2 * outer_edge - between_columns * (columns_ - 1)) / columns_) {
    auto const count = page.panels.size();
    auto const columns = static_cast<std::size_t>(columns_);
    std::vector<double> left(columns, 0), right(columns, 0);
    std::vector<Margins> margins;
    for (std::size_t i = 0; i < count; ++i) {
      margins.push_back(margins_of(page.panels[i], labeled(i)));
      left[i % columns] = std::max(left[i % columns], margins[i].left);
      right[i % columns] = std::max(right[i % columns], margins[i].right);
    }
    double top = outer_edge;
    for (std::size_t row = 0; row * columns < count; ++row) {
      double above = 0, below = 0, height = 0;
      for (std::size_t i = row * columns; i < std::min(count, (row + 1) * columns); ++i)
        above = std::max(above, room_above(page.panels[i], column_width_ - left[i % columns] - right[i % columns])),
        below = std::max(below, margins[i].below),
        height = std::max(height, page.panels[i].height > 0 ? page.panels[i].height : page.panel_height);
      for (std::size_t i = row * columns; i < std::min(count, (row + 1) * columns); ++i) {
        auto const c = i % columns;
        frames_.push_back({.left = outer_edge + static_cast<double>(c) * (column_width_ + between_columns) + left[c],
                           .top = top + above,
                           .width = column_width_ - left[c] - right[c],
                           .height = height});
      }
      top += above + height + below;
    }
    end_ = top + 1;
  }

  [[nodiscard]] Frame const& frame(std::size_t i) const { return frames_[i]; }
  [[nodiscard]] double end() const { return end_; }
  [[nodiscard]] bool labeled(std::size_t i) const {
    auto const below = i + static_cast<std::size_t>(columns_);
    return below >= page_.panels.size() || !same_axis(page_.panels[i].x, page_.panels[below].x);
  }

 private:
  Page const& page_;
  int columns_;
  double column_width_, end_ = 0;
  std::vector<Frame> frames_;
};

}  // namespace

std::vector<std::filesystem::path> draw_page(Page const& page, std::filesystem::path const& folder) {
  if (page.panels.empty()) return {};
  Layout const layout(page);
  Legend const legend(page.legend_title, entries_of(page), page.notes, page.width);
  Size const size{page.width, layout.end() + legend.height()};
  Paper const paper(size);
  Figure figure(page.name, size);
  auto commands = fmt::format(
      "set multiplot\nunset key\nset tics out nomirror scale 0.5\nset border 3 linecolor rgb \"{0}\" linewidth "
      "{1:.3g}\n",
      frame_gray, line_width(normal));
  for (std::size_t i = 0; i < page.panels.size(); ++i) {
    // With the last panel only: gnuplot draws labels again with each.
    bool const last = i + 1 == page.panels.size();
    commands += panel_commands(figure, page.panels[i], layout.frame(i), paper, layout.labeled(i),
                               last ? legend.commands(paper, layout.end()) : "");
  }
  figure.set_commands(commands + "unset multiplot\n");
  return figure.draw(folder);
}

}  // namespace mambasynth::analysis::plot
