#include "analysis/document/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "analysis/document/rounding.hpp"
#include "analysis/document/text_rows.hpp"

namespace mambasynth::analysis::document {
namespace {

/// With characters escaped that would end a field.
std::string field(std::string const& text) {
  std::string out;
  for (char const c : one_line(text)) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string field(Value const& value, Column const& column) {
  if (auto const* text = std::get_if<std::string>(&value)) return field(*text);
  if (auto const* number = std::get_if<Number>(&value)) return field(number->written);
  if (auto const* estimate = std::get_if<Estimate>(&value)) return text_of(*estimate, column.shows);
  return nothing;
}

Rows rows_of(Table const& table) {
  Rows rows(1);
  for (auto const& column : table.columns) rows.front().push_back(field(column.title));
  std::vector<std::size_t> longest_marks(table.columns.size(), 0);
  for (auto const& row : table.rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      longest_marks[c] = std::max(longest_marks[c], characters(joined_marks(row[c])));
  for (auto const& row : table.rows) {
    auto& fields = rows.emplace_back();
    for (std::size_t c = 0; c < row.size(); ++c) {
      auto text = field(row[c].value, table.columns[c]);
      if (longest_marks[c] > 0) {  // numbers line up whether they have marks or not
        auto const marks = joined_marks(row[c]);
        text += " " + marks + std::string(longest_marks[c] - characters(marks), ' ');
      }
      fields.push_back(std::move(text));
    }
  }
  return rows;
}

std::string inline_text(Inline const& text) {
  std::string all;
  for (auto const& span : text.spans()) {
    auto const words = field(span.text);
    all += span.style == Style::code   ? "`" + words + "`"
           : span.style == Style::link ? fmt::format("{} ({})", words, one_line(span.target))
                                       : words;
  }
  return all;
}

std::string text_of(Paragraph const& paragraph) { return wrapped(inline_text(paragraph.text)); }

std::string text_of(List const& list) {
  std::string text;
  std::size_t number = 0;
  for (auto const& item : list.items) {
    ++number;
    text += wrapped(inline_text(item), list.numbered ? fmt::format("{}. ", number) : "- ");
  }
  return text;
}

std::string text_of(CodeBlock const& block) {
  std::string text, line;
  for (char const c : block.text + (block.text.ends_with('\n') ? "" : "\n")) {
    if (c != '\n') {
      line += c;
      continue;
    }
    text += "    " + one_line(line) + "\n";
    line.clear();
  }
  return text;
}

std::string text_of(Figure const& figure) {
  return wrapped(fmt::format("{} ({})", inline_text(figure.caption), one_line(figure.file)));
}

std::string text_of(Table const& table) {
  std::vector<Align> alignment;
  for (auto const& column : table.columns) alignment.push_back(column.align);
  auto text = wrapped(inline_text(table.caption));
  if (!text.empty()) text += "\n";
  text += aligned(rows_of(table), alignment);
  if (!table.notes.empty()) text += "\n";
  for (auto const& note : table.notes)
    text += wrapped(inline_text(note.text), note.mark.empty() ? "" : note.mark + " ");
  return text;
}

void append(std::string& text, Section const& section, std::size_t depth) {
  text += fmt::format("\n{} {}\n", std::string(depth, '#'), inline_text(section.title));
  if (!section.blocks.empty()) text += "\n" + to_terminal(section.blocks);
  for (auto const& inner : section.sections) append(text, inner, depth + 1);
}

/// What `shorten` shortens: texts without escapes and marks.
std::size_t longest_text(Table const& table, std::size_t column) {
  auto longest = characters(table.columns[column].title);
  for (auto const& row : table.rows) {
    if (auto const* text = std::get_if<std::string>(&row[column].value))
      longest = std::max(longest, characters(one_line(*text)));
    if (auto const* number = std::get_if<Number>(&row[column].value))
      longest = std::max(longest, characters(number->written));
  }
  return longest;
}

void shorten(Table& table, std::size_t column, std::size_t most) {
  auto& title = table.columns[column].title;
  title = shortened(title, most);
  for (auto& row : table.rows) {
    if (auto* text = std::get_if<std::string>(&row[column].value)) *text = shortened(one_line(*text), most);
    if (auto* number = std::get_if<Number>(&row[column].value)) number->written = shortened(number->written, most);
  }
}

void erase(Table& table, std::size_t column) {
  auto const at = static_cast<std::ptrdiff_t>(column);
  table.columns.erase(table.columns.begin() + at);
  for (auto& row : table.rows) row.erase(row.begin() + at);
}

/// The last column of the kind; npos if there is none.
constexpr auto npos = static_cast<std::size_t>(-1);
std::size_t last_of(Table const& table, Fit fit) {
  for (auto c = table.columns.size(); c-- > 0;)
    if (table.columns[c].fit == fit) return c;
  return npos;
}

}  // namespace

std::string to_terminal(Block const& block) {
  return std::visit([](auto const& of) { return text_of(of); }, block);
}

std::string to_terminal(Blocks const& blocks) {
  std::string text;
  for (auto const& block : blocks) text += (text.empty() ? "" : "\n") + to_terminal(block);
  return text;
}

std::string to_terminal(Document const& document) {
  auto text = "# " + inline_text(document.title) + "\n";
  if (!document.blocks.empty()) text += "\n" + to_terminal(document.blocks);
  for (auto const& section : document.sections) append(text, section, 2);
  return text;
}

std::size_t terminal_width(Table const& table) { return width_of(rows_of(table)); }

Fitted fit_terminal(Table& table) {
  Fitted fitted;
  while (terminal_width(table) > most_columns) {
    auto const last = last_of(table, Fit::drop);
    if (last == npos) break;
    fitted.dropped.insert(fitted.dropped.begin(), table.columns[last]);
    erase(table, last);
  }
  constexpr std::size_t shortest = 3;  // "..x"
  for (auto width = terminal_width(table); width > most_columns; width = terminal_width(table)) {
    std::size_t widest = npos, most = shortest, next = shortest;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      auto const has = table.columns[c].fit == Fit::shorten ? longest_text(table, c) : 0;
      if (has > most) {
        next = most;
        most = has;
        widest = c;
      } else {
        next = std::max(next, std::min(has, most));
      }
    }
    if (widest == npos) break;
    // Down to the next widest at once: a step of one character would render a long table a hundred times.
    shorten(table, widest, most - std::clamp<std::size_t>(most - next, 1, width - most_columns));
    fitted.shortened = true;
  }
  while (terminal_width(table) > most_columns) {
    auto const last = last_of(table, Fit::shorten);
    auto const first = std::find_if(table.columns.begin(), table.columns.end(),
                                    [](auto const& column) { return column.fit == Fit::shorten; });
    if (last == npos || first - table.columns.begin() == static_cast<std::ptrdiff_t>(last)) break;
    ++fitted.headings_dropped;
    erase(table, last);
  }
  return fitted;
}

}  // namespace mambasynth::analysis::document
