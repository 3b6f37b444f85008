#include "analysis/plot/legend.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/plot/text.hpp"

namespace mambasynth::analysis::plot {
namespace {

// Millimeters.
constexpr double sample = 6, gap = 1.2, between = 3.5, edge = 1.5, note_height = 3.1;

}  // namespace

Legend::Legend(std::string const& title, std::vector<LegendEntry> const& entries, std::vector<std::string> const& notes,
               double width) {
  double left = edge, middle = text_height / 2;
  auto const place = [&](LegendEntry entry, bool with_sample) {
    double const before = with_sample ? sample + gap : 0;
    entry.name = shortened(entry.name, width - 2 * edge - before, text_points);
    double const wide = before + text_width(entry.name, text_points);
    if (left > edge && left + wide > width - edge) left = edge, middle += text_height;
    items_.push_back({std::move(entry), left, middle, with_sample});
    left += wide + between;
  };
  if (!title.empty() && !entries.empty()) place({.name = title + ":", .style = {}}, false);
  for (auto const& entry : entries) place(entry, true);
  rows_end_ = items_.empty() ? 0 : middle + text_height / 2 + 0.4;
  for (auto const& note : notes)
    for (auto& line : wrapped_text(note, width - 2 * edge, small_points)) notes_.push_back(std::move(line));
  height_ = rows_end_ + note_height * static_cast<double>(notes_.size()) + 1;
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
      // Between solid and white as a band over paper is.
      text += fmt::format(
          "set object rectangle from {} to {} fillcolor rgb \"{}\" fillstyle transparent solid 0.2 noborder\n",
          paper.at(left, y + 1), paper.at(left + sample, y - 1), style.color);
    }
    if (style.width > 0) text += paper.line(left, y, left + sample, y, line_words(style));
    if (style.point > 0) text += paper.mark(left + sample / 2, y, mark_words(style, entry.open));
    text += paper.text(entry.name, left + sample + gap, y);
  }
  for (std::size_t i = 0; i < notes_.size(); ++i)
    text += paper.small_text(notes_[i], edge, top + rows_end_ + (static_cast<double>(i) + 0.5) * note_height);
  return text;
}

}  // namespace mambasynth::analysis::plot
