#include "analysis/plot/legend.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/plot/text.hpp"

namespace mambasynth::analysis::plot {
namespace {

// Millimeters.
constexpr double sample_width = 6, sample_gap = 1.2, between_entries = 3.5, page_edge = 1.5;

}  // namespace

Legend::Legend(std::string const& title, std::vector<LegendEntry> const& entries, std::vector<std::string> const& notes,
               double width) {
  double left = page_edge, middle = text_height / 2;
  auto const place = [&](LegendEntry entry, bool with_sample) {
    double const before = with_sample ? sample_width + sample_gap : 0;
    entry.name = shortened(entry.name, width - 2 * page_edge - before, text_points);
    double const wide = before + text_width(entry.name, text_points);
    if (left > page_edge && left + wide > width - page_edge) left = page_edge, middle += text_height;
    items_.push_back({std::move(entry), left, middle, with_sample});
    left += wide + between_entries;
  };
  if (!title.empty() && !entries.empty()) place({.name = title + ":", .style = {}}, false);
  for (auto const& entry : entries) place(entry, true);
  rows_end_ = items_.empty() ? 0 : middle + text_height / 2 + 0.4;
  for (auto const& note : notes)
    for (auto& line : wrapped_text(note, width - 2 * page_edge, small_points)) notes_.push_back(std::move(line));
  height_ = rows_end_ + small_height * static_cast<double>(notes_.size()) + 1;
}

std::string Legend::commands(Paper const& paper, double top) const {
  std::string text;
  for (auto const& [entry, left, middle, with_sample] : items_) {
    double const y = top + middle;
    if (!with_sample) {
      text += paper.text(entry.name, left, y);
      continue;
    }
    auto const& style = entry.style;
    if (entry.band) {
      text += fmt::format(
          "set object rectangle from {} to {} fillcolor rgb \"{}\" fillstyle transparent solid 0.2 noborder\n",
          paper.at(left, y + 1), paper.at(left + sample_width, y - 1), style.color);
    }
    if (style.width > 0) text += paper.line(left, y, left + sample_width, y, line_words(style));
    if (style.point > 0) text += paper.mark(left + sample_width / 2, y, mark_words(style, entry.open));
    text += paper.text(entry.name, left + sample_width + sample_gap, y);
  }
  for (std::size_t i = 0; i < notes_.size(); ++i)
    text += paper.small_text(notes_[i], page_edge, top + rows_end_ + (static_cast<double>(i) + 0.5) * small_height);
  return text;
}

}  // namespace mambasynth::analysis::plot
