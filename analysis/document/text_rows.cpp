#include "analysis/document/text_rows.hpp"

#include <algorithm>
#include <sstream>

#include "errors/printable.hpp"

namespace mambasynth::analysis::document {
namespace {

constexpr std::size_t least_width = 3;  // of a column: Markdown's rule below the header

bool continues(char c) { return (c & 0xC0) == 0x80; }

std::vector<std::size_t> widths_of(Rows const& rows) {
  std::vector<std::size_t> widths(rows.front().size(), least_width);
  for (auto const& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  return widths;
}

}  // namespace

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  constexpr std::size_t longest_escape = 6;  // \u2028
  return errors::printable(line, longest_escape * line.size());
}

std::string shortened(std::string const& text, std::size_t most) {
  constexpr std::string_view cut = "..";
  auto const has = characters(text);
  if (has <= most) return text;
  auto skip = has - (most > cut.size() ? most - cut.size() : 0);
  std::size_t at = 0;
  while (at < text.size() && skip > 0) {
    do ++at;
    while (at < text.size() && continues(text[at]));
    --skip;
  }
  return std::string(cut.substr(0, most)) + text.substr(at);
}

std::string wrapped(std::string const& text) { return wrapped(text, ""); }

std::string wrapped(std::string const& text, std::string const& first) {
  std::istringstream words(text);
  std::string out, line = first;
  bool empty = true;
  for (std::string word; words >> word;) {
    if (!empty && characters(line) + 1 + characters(word) > most_columns) {
      out += line + "\n";
      line = std::string(first.size(), ' ');
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  return empty ? out : out + line + "\n";
}

std::string aligned(Rows const& rows, std::vector<Align> const& alignment) {
  auto const widths = widths_of(rows);
  auto const line = [&](std::vector<std::string> const& row) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string const space(widths[i] - characters(row[i]), ' ');
      text += " " + (alignment[i] == Align::right ? space + row[i] : row[i] + space) + " |";
    }
    return text + "\n";
  };
  auto text = line(rows.front()) + "|";
  for (std::size_t i = 0; i < widths.size(); ++i) {
    std::string const rule(widths[i] + 1, '-');
    text += alignment[i] == Align::right ? rule + ":|" : ":" + rule + "|";
  }
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

}  // namespace mambasynth::analysis::document
