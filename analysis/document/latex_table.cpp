#include "analysis/document/latex_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/document/latex_text.hpp"
#include "analysis/document/rounding.hpp"
#include "analysis/document/text_rows.hpp"

namespace mambasynth::analysis::document {
namespace {

std::size_t digits_before_point(std::string const& number) {
  auto const start = number.starts_with('-') ? 1u : 0u;
  return std::min(number.find('.'), number.size()) - start;
}

/// "71" of 0.00071: siunitx counts the uncertainty in units of the last digit.
std::string uncertainty_digits(std::string const& half) {
  std::string digits;
  std::copy_if(half.begin(), half.end(), std::back_inserter(digits), [](char c) { return c != '.'; });
  auto const first = digits.find_first_not_of('0');
  return first == std::string::npos ? "0" : digits.substr(first);
}

/// The room that an S column reserves. A column has it if all its numbers fit the scheme.
struct Format {
  std::size_t whole = 1, uncertainty = 0;
  int decimals = 0;
  bool negative = false, any = false;

  [[nodiscard]] std::string text() const {
    auto format = fmt::format("{}{}", negative ? "-" : "", whole);
    if (decimals > 0) format += fmt::format(".{}", decimals);
    return uncertainty > 0 ? format + fmt::format("({})", uncertainty) : format;
  }
};

std::optional<Format> format_of(Table const& table, std::size_t column) {
  Format format;
  auto const& shows = table.columns[column].shows;
  if (!shows.mean || shows.sd || shows.n) return std::nullopt;
  for (auto const& row : table.rows) {
    auto const* estimate = std::get_if<Estimate>(&row[column].value);
    if (!estimate) continue;
    auto const number = rounded(*estimate);
    if (number.mean.empty()) continue;
    bool const interval = shows.interval && !number.low.empty();
    if (number.exponent != 0 || (interval && !number.symmetric) || number.mean.find('e') != std::string::npos)
      return std::nullopt;
    format.any = true;
    format.negative = format.negative || number.mean.starts_with('-');
    format.whole = std::max(format.whole, digits_before_point(number.mean));
    auto const point = number.mean.find('.');
    if (point != std::string::npos)
      format.decimals = std::max(format.decimals, static_cast<int>(number.mean.size() - point) - 1);
    if (interval) format.uncertainty = std::max(format.uncertainty, uncertainty_digits(number.half).size());
  }
  return format.any ? std::optional(format) : std::nullopt;
}

std::string marks_of(Cell const& cell) {
  return cell.marks.empty() ? "" : "\\textsuperscript{" + latex_escaped(joined_marks(cell)) + "}";
}

std::string widest_mark(Table const& table, std::size_t column) {
  std::string widest;
  for (auto const& row : table.rows)
    if (auto marks = marks_of(row[column]); marks.size() > widest.size()) widest = std::move(marks);
  return widest;
}

/// In an S column.
std::string aligned_number(Estimate const& estimate, Shows const& shows) {
  auto const number = rounded(estimate);
  return shows.interval && number.symmetric ? fmt::format("{}({})", number.mean, uncertainty_digits(number.half))
                                            : number.mean;
}

std::string cell_text(Cell const& cell, Column const& column, bool in_s_column) {
  if (auto const* estimate = std::get_if<Estimate>(&cell.value)) {
    auto const text = text_of(*estimate, column.shows);
    if (in_s_column && text != nothing) {
      auto const marks = marks_of(cell);
      return aligned_number(*estimate, column.shows) + (marks.empty() ? "" : " " + marks);
    }
    auto const printed = latex_escaped(text) + marks_of(cell);
    return in_s_column ? "{" + printed + "}" : printed;
  }
  std::string text = nothing;
  if (auto const* words = std::get_if<std::string>(&cell.value)) text = *words;
  if (auto const* number = std::get_if<Number>(&cell.value)) text = number->written;
  auto const printed = (text == nothing ? "--" : latex_escaped(text)) + marks_of(cell);
  // A bracket at the start of a row would be taken for an argument of the row end before it.
  return "{" + printed + "}";
}

/// Broken into lines, for a column is seldom as wide as its heading.
std::string heading_text(std::string const& heading) {
  constexpr std::size_t widest = 16;
  std::vector<std::string> lines(1);
  auto kept_together = heading;
  constexpr std::string_view equals = " = ", joined = "\u00A0=\u00A0";
  for (auto at = kept_together.find(equals); at != std::string::npos; at = kept_together.find(equals, at))
    kept_together.replace(at, equals.size(), joined);
  std::istringstream words(kept_together);
  for (std::string word; words >> word;) {
    auto& line = lines.back();
    if (line.empty()) line = word;
    else if (characters(line) + 1 + characters(word) <= widest) line += " " + word;
    else lines.push_back(word);
  }
  std::string text;
  for (auto const& line : lines) text += (text.empty() ? "" : "\\\\") + latex_escaped(line);
  return lines.size() == 1 ? "{" + text + "}" : "{\\shortstack[r]{" + text + "}}";
}

}  // namespace

std::string latex_table(Table const& table) {
  std::string columns, header;
  std::vector<bool> is_s;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    auto const& column = table.columns[c];
    auto const format = format_of(table, c);
    is_s.push_back(format.has_value());
    if (format) {
      auto const mark = widest_mark(table, c);
      columns += fmt::format("S[table-format={},separate-uncertainty=true{}]", format->text(),
                             mark.empty() ? "" : ",table-space-text-post={" + mark + "}");
    } else {
      columns += column.align == Align::left ? "l" : "r";
    }
    header += (c == 0 ? "" : " & ") + heading_text(print_heading(column));
  }
  std::string text = "% needs the packages booktabs, graphicx and siunitx\n\\begin{table}\n\\centering\n";
  if (!table.caption.empty()) text += "\\caption{" + latex_text(table.caption) + "}\n";
  if (!table.label.empty()) text += "\\label{tab:" + latex_label(table.label) + "}\n";
  text += "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n";
  text += "\\begin{tabular}{" + columns + "}\n\\toprule\n" + header + " \\\\\n\\midrule\n";
  for (auto const& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c)
      text += (c == 0 ? "" : " & ") + cell_text(row[c], table.columns[c], is_s[c]);
    text += " \\\\\n";
  }
  text += "\\bottomrule\n\\end{tabular}}\n";
  if (!table.notes.empty()) {
    text += "\n\\smallskip\n\\begin{minipage}{\\linewidth}\n\\footnotesize\\raggedright\n";
    for (auto const& note : table.notes)
      text += (note.mark.empty() ? "" : "\\textsuperscript{" + latex_escaped(note.mark) + "}~") +
              latex_text(note.text) + "\\par\n";
    text += "\\end{minipage}\n";
  }
  return text + "\\end{table}\n";
}

}  // namespace mambasynth::analysis::document
