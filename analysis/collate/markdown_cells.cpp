#include "analysis/collate/markdown_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mambasynth::collate {
namespace {

/// Characters, not bytes: `±` has two.
std::size_t width(std::string const& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string text_of(Interval const& interval) {
  if (interval.n == 1) return fmt::format("{:.5g}", interval.mean);
  auto const half = (interval.high - interval.low) / 2;
  // Equal numbers have a mean that is rounded, and so a deviation that is none.
  constexpr double rounding = 1e-12;
  if (!(half > rounding * std::abs(interval.mean))) return fmt::format("{:.5g} ± 0", interval.mean);
  auto const decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(half))), 0, 9);
  return fmt::format("{:.{}f} ± {:.{}f}", interval.mean, decimals, half, decimals);
}

std::string escaped(std::string const& text) {
  std::string out;
  for (char const c : text) out += c == '|' ? std::string("\\|") : std::string(1, c == '\n' ? ' ' : c);
  return out;
}

std::string aligned(std::vector<std::vector<std::string>> const& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 3);
  for (auto const& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  auto const line = [&](std::vector<std::string> const& row) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i) text += " " + std::string(widths[i] - width(row[i]), ' ') + row[i] + " |";
    return text + "\n";
  };
  auto text = line(rows.front()) + "|";
  for (auto const w : widths) text += std::string(w + 1, '-') + ":|";
  text += "\n";
  for (std::size_t r = 1; r < rows.size(); ++r) text += line(rows[r]);
  return text;
}

}  // namespace mambasynth::collate
