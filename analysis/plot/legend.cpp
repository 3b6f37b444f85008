#include "analysis/plot/legend.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mambasynth::analysis::plot {
namespace {

// Pixels; letters are as wide as those of the widest common sans-serif font at 13 pixels.
constexpr int row_height = 17, letter = 8, sample = 26, gap = 6, between = 14, edge = 10;

}  // namespace

std::string line_words(LineStyle const& style) {
  return fmt::format("linecolor rgb \"{}\" dashtype {} linewidth {}", style.color, style.dash, style.width);
}

std::string quotable(std::string const& text, std::size_t longest) {
  std::string result;
  for (char const c : text) {
    bool const harmful =
        c == '"' || c == '`' || c == '\\' || c == '$' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    result += harmful ? '_' : c;
  }
  if (result.size() <= longest) return result;
  auto end = longest - 2;
  while (end > 0 && (static_cast<unsigned char>(result[end]) & 0xc0u) == 0x80u) --end;  // not inside a UTF-8 character
  return result.substr(0, end) + "..";
}

Legend::Legend(std::string title, std::vector<LegendEntry> entries, int width, std::string note)
    : title_(std::move(title)), note_(std::move(note)), entries_(std::move(entries)), width_(width) {
  std::size_t longest = 0;
  for (auto const& entry : entries_) longest = std::max(longest, quotable(entry.name).size());
  column_ = sample + gap + letter * static_cast<int>(longest) + between;
  columns_ = std::clamp((width_ - 2 * edge + between) / column_, 1, std::max(1, static_cast<int>(entries_.size())));
}

int Legend::rows() const { return (static_cast<int>(entries_.size()) + columns_ - 1) / columns_; }

int Legend::height() const { return row_height * (rows() + (title_.empty() ? 0 : 1) + (note_.empty() ? 0 : 1)) + edge; }

std::string Legend::commands(int page_height) const {
  auto const x = [&](int pixels) { return static_cast<double>(pixels) / width_; };
  // The middle of a row, measured from the top of the legend.
  auto const y = [&](int row) {
    return static_cast<double>(height() - row * row_height - row_height / 2) / page_height;
  };
  std::string text;
  if (!title_.empty())
    text +=
        fmt::format("set label \"{}\" at screen {:.4f},{:.4f} left noenhanced\n", quotable(title_, 64), x(edge), y(0));
  if (!note_.empty())
    text += fmt::format("set label \"{}\" at screen {:.4f},{:.4f} left noenhanced\n", quotable(note_, 64), x(edge),
                        y(rows() + (title_.empty() ? 0 : 1)));
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    auto const& [name, style] = entries_[i];
    int const left = edge + column_ * (static_cast<int>(i) / rows());
    double const at = y(static_cast<int>(i) % rows() + (title_.empty() ? 0 : 1));
    if (style.width > 0)
      text += fmt::format("set arrow from screen {:.4f},{:.4f} to screen {:.4f},{:.4f} nohead {}\n", x(left), at,
                          x(left + sample), at, line_words(style));
    if (style.point > 0)
      text +=
          fmt::format("set label \"\" at screen {:.4f},{:.4f} point pointtype {} pointsize 0.7 linecolor rgb \"{}\"\n",
                      x(left + sample / 2), at, style.point, style.color);
    text += fmt::format("set label \"{}\" at screen {:.4f},{:.4f} left noenhanced\n", quotable(name),
                        x(left + sample + gap), at);
  }
  return text;
}

}  // namespace mambasynth::analysis::plot
