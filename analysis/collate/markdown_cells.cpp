#include "analysis/collate/markdown_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string_view>

namespace mambasynth::analysis::collate {
namespace {

constexpr std::size_t least_width = 3;  // of a column: Markdown's rule below the header

bool continues(char c) { return (c & 0xC0) == 0x80; }

/// Characters, not bytes: `±` has two.
std::size_t width(std::string const& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::vector<std::size_t> widths_of(Rows const& rows) {
  std::vector<std::size_t> widths(rows.front().size(), least_width);
  for (auto const& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  return widths;
}

/// Decimals that show two significant digits.
int decimals_of(double half) { return std::clamp(1 - static_cast<int>(std::floor(std::log10(half))), 0, 9); }

}  // namespace

std::string text_of(Interval const& interval) {
  if (!std::isfinite(interval.mean)) return nothing;
  if (interval.n == 1) return fmt::format("{:.5g}", interval.mean);
  auto const half = (interval.high - interval.low) / 2;
  // The mean of equal numbers is rounded, so their deviation may be tiny instead of 0.
  constexpr double rounding = 1e-12;
  if (!(half > rounding * std::abs(interval.mean))) return fmt::format("{:.5g} ± 0", interval.mean);
  auto const decimals = decimals_of(half);
  return fmt::format("{:.{}f} ± {:.{}f}", interval.mean, decimals, half, decimals);
}

std::string half_width(Interval const& interval) {
  auto const half = (interval.high - interval.low) / 2;
  if (!std::isfinite(half)) return nothing;
  return half > 0 ? fmt::format("± {:.{}f}", half, decimals_of(half)) : "± 0";
}

std::string escaped(std::string const& text) {
  std::string out;
  for (char const c : text) out += c == '|' ? std::string("\\|") : std::string(1, c == '\n' ? ' ' : c);
  return out;
}

std::string shortened(std::string const& text, std::size_t most) {
  constexpr std::string_view cut = "..";
  auto const has = width(text);
  if (has <= most) return text;
  auto skip = has - (most > cut.size() ? most - cut.size() : 0);
  std::size_t at = 0;
  while (at < text.size() && skip > 0) {
    do ++at;
    while (at < text.size() && continues(text[at]));
    --skip;
  }
  if (at < text.size() && text[at] == '|') ++at;  // its escape was cut off
  return std::string(cut.substr(0, most)) + text.substr(at);
}

std::string wrapped(std::string const& text) {
  std::istringstream words(text);
  std::string out, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && width(line) + 1 + width(word) > most_columns) {
      out += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? out : out + line + "\n";
}

std::string aligned(Rows const& rows) {
  auto const widths = widths_of(rows);
  auto const line = [&](std::vector<std::string> const& row) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += " " + std::string(widths[i] - width(row[i]), ' ') + row[i] + " |";
    return text + "\n";
  };
  auto text = line(rows.front()) + "|";
  for (auto const w : widths) text += std::string(w + 1, '-') + ":|";
  text += "\n";
  for (std::size_t r = 1; r < rows.size(); ++r) text += line(rows[r]);
  return text;
}

std::size_t width_of(Rows const& rows) {
  constexpr std::size_t frame = 3;  // of each column: " ", " |"
  std::size_t sum = 1;
  for (auto const w : widths_of(rows)) sum += w + frame;
  return sum;
}

std::size_t drop_to_fit(Rows& rows, std::size_t fewest) {
  std::size_t dropped = 0;
  for (; rows.front().size() > fewest && width_of(rows) > most_columns; ++dropped)
    for (auto& row : rows) row.pop_back();
  return dropped;
}

bool shorten_to_fit(Rows& rows, std::size_t count) {
  bool any = false;
  while (width_of(rows) > most_columns) {
    auto const widths = widths_of(rows);
    auto const widest = std::max_element(widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(count));
    if (count == 0 || *widest <= least_width) break;
    auto const column = static_cast<std::size_t>(widest - widths.begin());
    for (auto& row : rows) row[column] = shortened(row[column], *widest - 1);
    any = true;
  }
  return any;
}

}  // namespace mambasynth::analysis::collate
