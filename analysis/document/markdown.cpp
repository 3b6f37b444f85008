#include "analysis/document/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <variant>

#include "analysis/document/rounding.hpp"
#include "analysis/document/text_rows.hpp"

namespace mambasynth::analysis::document {
namespace {

std::string escaped(std::string const& text) {
  constexpr std::string_view markup = "\\`*_[]<>|~$#";
  std::string out;
  for (char const c : one_line(text)) {
    if (c == '&') out += "&amp;";
    else if (markup.find(c) != std::string_view::npos) out += std::string("\\") + c;
    else out += c;
  }
  return out;
}

/// What starts a line must not start a list, a heading or a rule.
std::string first_escaped(std::string text) {
  auto const digits = text.find_first_not_of("0123456789");
  if (text.starts_with('-') || text.starts_with('+') || text.starts_with('=')) return "\\" + text;
  if (digits != std::string::npos && digits > 0 && (text[digits] == '.' || text[digits] == ')'))
    text.insert(digits, "\\");
  return text;
}

/// Between more backquotes than any run of them in the text. In a table, GitHub ends fields at `|` even there.
std::string code_span(std::string const& text, bool in_table) {
  std::size_t longest = 0, run = 0;
  std::string content;
  for (char const c : one_line(text)) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    content += c == '|' && in_table ? "\\|" : std::string(1, c);
  }
  std::string const fence(longest + 1, '`');
  bool const pad = content.starts_with('`') || content.ends_with('`');
  return fence + (pad ? " " : "") + content + (pad ? " " : "") + fence;
}

std::string target_of(std::string const& target) {
  std::string out;
  for (char const c : one_line(target))
    out += c == ' ' || c == '(' || c == ')' || c == '<' || c == '>' || c == '|' || c == '\\'
               ? fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)))
               : std::string(1, c);
  return out;
}

std::string inline_text(Inline const& text, bool in_table) {
  std::string all;
  for (auto const& span : text.spans()) {
    switch (span.style) {
      case Style::plain:
        all += escaped(span.text);
        break;
      case Style::emphasis:
        all += "*" + escaped(span.text) + "*";
        break;
      case Style::code:
        all += code_span(span.text, in_table);
        break;
      case Style::link:
        all += "[" + escaped(span.text) + "](" + target_of(span.target) + ")";
    }
  }
  return all;
}

std::string line_of(Inline const& text) { return first_escaped(inline_text(text, false)); }

std::string field(Cell const& cell, Column const& column) {
  std::string text = nothing;
  if (auto const* words = std::get_if<std::string>(&cell.value)) text = escaped(*words);
  if (auto const* number = std::get_if<Number>(&cell.value)) text = escaped(number->written);
  if (auto const* estimate = std::get_if<Estimate>(&cell.value)) text = escaped(text_of(*estimate, column.shows));
  return cell.marks.empty() ? text : text + " <sup>" + escaped(joined_marks(cell)) + "</sup>";
}

std::string text_of(Paragraph const& paragraph) { return line_of(paragraph.text) + "\n"; }

std::string text_of(List const& list) {
  std::string text;
  std::size_t number = 0;
  for (auto const& item : list.items)
    text += (list.numbered ? fmt::format("{}. ", ++number) : "- ") + line_of(item) + "\n";
  return text;
}

std::string text_of(CodeBlock const& block) {
  std::string fence = "```";
  while (block.text.find(fence) != std::string::npos) fence += '`';
  return fence + block.language + "\n" + block.text + (block.text.ends_with('\n') ? "" : "\n") + fence + "\n";
}

std::string text_of(Figure const& figure) {
  return fmt::format("![{}]({})\n\n{}\n", escaped(figure.alternative), target_of(figure.file), line_of(figure.caption));
}

std::string text_of(Table const& table) {
  Rows rows(1);
  std::vector<Align> alignment;
  for (auto const& column : table.columns) {
    rows.front().push_back(escaped(print_heading(column)));
    alignment.push_back(column.align);
  }
  for (auto const& row : table.rows) {
    auto& fields = rows.emplace_back();
    for (std::size_t c = 0; c < row.size(); ++c) fields.push_back(field(row[c], table.columns[c]));
  }
  auto text = table.caption.empty() ? "" : line_of(table.caption) + "\n\n";
  text += aligned(rows, alignment);
  for (auto const& note : table.notes)
    text += "\n" +
            (note.mark.empty() ? line_of(note.text)
                               : "<sup>" + escaped(note.mark) + "</sup> " + inline_text(note.text, false)) +
            "\n";
  return text;
}

std::string text_of(Blocks const& blocks) {
  std::string text;
  for (auto const& block : blocks) text += "\n" + to_markdown(block);
  return text;
}

void append(std::string& text, Section const& section, std::size_t depth) {
  constexpr std::size_t deepest = 6;
  text += fmt::format("\n{} {}\n", std::string(std::min(depth, deepest), '#'), inline_text(section.title, false));
  text += text_of(section.blocks);
  for (auto const& inner : section.sections) append(text, inner, depth + 1);
}

}  // namespace

std::string to_markdown(Block const& block) {
  return std::visit([](auto const& of) { return text_of(of); }, block);
}

std::string to_markdown(Document const& document) {
  auto text = "# " + inline_text(document.title, false) + "\n" + text_of(document.blocks);
  for (auto const& section : document.sections) append(text, section, 2);
  return text;
}

}  // namespace mambasynth::analysis::document
