#include "analysis/document/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/document/rounding.hpp"
#include "analysis/document/text_rows.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::document {
namespace {

/// Links lead to pages and files, never to code.
bool is_safe_target(std::string const& target) {
  auto const colon = target.find(':');
  if (colon == std::string::npos || target.find_first_of("/?#") < colon) return true;
  auto scheme = target.substr(0, colon);
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return scheme == "https" || scheme == "http" || scheme == "mailto";
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string attribute(char const* name, std::string const& value) {
  return fmt::format(" {}=\"{}\"", name, html_escaped(value));
}

std::string data_of(Value const& value) {
  auto data = attribute("data-value", number(sort_value(value)));
  if (auto const* estimate = std::get_if<Estimate>(&value)) {
    for (auto const& [name, of] :
         {std::pair{"data-sd", estimate->sd}, {"data-low", estimate->low}, {"data-high", estimate->high}})
      if (std::isfinite(of)) data += attribute(name, number(of));
    if (estimate->n > 0) data += attribute("data-n", fmt::format("{}", estimate->n));
  }
  return data;
}

std::string content_of(Cell const& cell, Column const& column) {
  std::string text = nothing;
  if (auto const* words = std::get_if<std::string>(&cell.value)) text = *words;
  if (auto const* of = std::get_if<Number>(&cell.value)) text = of->written;
  if (auto const* estimate = std::get_if<Estimate>(&cell.value)) text = text_of(*estimate, column.shows);
  auto html = html_escaped(text);
  return cell.marks.empty() ? html : html + "<sup>" + html_escaped(joined_marks(cell)) + "</sup>";
}

bool is_number_column(Table const& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](auto const& row) { return std::isfinite(sort_value(row[column].value)); });
}

std::string html_of(Paragraph const& paragraph) { return "<p>" + html_text(paragraph.text) + "</p>\n"; }

std::string html_of(List const& list) {
  std::string const tag = list.numbered ? "ol" : "ul";
  auto html = "<" + tag + ">\n";
  for (auto const& item : list.items) html += "<li>" + html_text(item) + "</li>\n";
  return html + "</" + tag + ">\n";
}

std::string html_of(CodeBlock const& block) {
  std::string html = "<pre><code>", line;
  for (char const c : block.text) {
    if (c != '\n') {
      line += c;
      continue;
    }
    html += html_escaped(line) + "\n";
    line.clear();
  }
  return html + html_escaped(line) + "</code></pre>\n";
}

std::string html_of(Table const& table) {
  auto html = std::string("<div class=\"table\">\n<table") +
              (table.label.empty() ? "" : attribute("id", html_id("tab", table.label))) + ">\n";
  if (!table.caption.empty()) html += "<caption>" + html_text(table.caption) + "</caption>\n";
  html += "<thead>\n<tr>";
  std::vector<bool> numbers;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    auto const& column = table.columns[c];
    numbers.push_back(is_number_column(table, c));
    html += fmt::format("<th scope=\"col\" class=\"{}\"{}{}>{}</th>", column.align == Align::left ? "left" : "right",
                        attribute("data-key", column.key), attribute("data-type", numbers[c] ? "number" : "text"),
                        html_escaped(print_heading(column)));
  }
  html += "</tr>\n</thead>\n<tbody>\n";
  for (auto const& row : table.rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      auto const& column = table.columns[c];
      auto const* const tag = column.heads_row ? "th" : "td";
      html += fmt::format("<{}{} class=\"{}\"{}>{}</{}>", tag, column.heads_row ? " scope=\"row\"" : "",
                          column.align == Align::left ? "left" : "right", numbers[c] ? data_of(row[c].value) : "",
                          content_of(row[c], column), tag);
    }
    html += "</tr>\n";
  }
  html += "</tbody>\n</table>\n";
  for (auto const& note : table.notes)
    html += "<p class=\"note\">" + (note.mark.empty() ? "" : "<sup>" + html_escaped(note.mark) + "</sup> ") +
            html_text(note.text) + "</p>\n";
  return html + "</div>\n";
}

}  // namespace

std::string html_escaped(std::string_view text) {
  constexpr std::size_t longest_escape = 6;  // \u2028
  std::string html;
  for (char const c : errors::printable(text, longest_escape * text.size())) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string html_text(Inline const& text) {
  std::string html;
  for (auto const& span : text.spans()) {
    auto const words = html_escaped(span.text);
    switch (span.style) {
      case Style::plain:
        html += words;
        break;
      case Style::emphasis:
        html += "<em>" + words + "</em>";
        break;
      case Style::code:
        html += "<code>" + words + "</code>";
        break;
      case Style::link:
        html += is_safe_target(span.target) ? "<a" + attribute("href", span.target) + ">" + words + "</a>" : words;
    }
  }
  return html;
}

std::string html_id(std::string_view kind, std::string const& label) {
  std::string id(kind);
  id += '-';
  for (char const c : label) id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' ? c : '-';
  return id;
}

std::string image_of(Figure const& figure) {
  return "<img" + attribute("src", figure.file) + attribute("alt", figure.alternative) + ">";
}

std::string to_html(Block const& block, FigureContent const& content) {
  if (auto const* figure = std::get_if<Figure>(&block))
    return std::string("<figure") + (figure->label.empty() ? "" : attribute("id", html_id("fig", figure->label))) +
           ">\n" + content(*figure) + "\n<figcaption>" + html_text(figure->caption) + "</figcaption>\n</figure>\n";
  return std::visit(
      [](auto const& of) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(of)>, Figure>) return {};
        else return html_of(of);
      },
      block);
}

std::string to_html(Blocks const& blocks, FigureContent const& content) {
  std::string html;
  for (auto const& block : blocks) html += to_html(block, content);
  return html;
}

std::string to_html(Section const& section, int depth, FigureContent const& content) {
  constexpr int deepest = 6;
  auto const heading = std::min(depth, deepest);
  auto html = std::string("<section") + (section.label.empty() ? "" : attribute("id", html_id("sec", section.label))) +
              ">\n" + fmt::format("<h{}>{}</h{}>\n", heading, html_text(section.title), heading) +
              to_html(section.blocks, content);
  for (auto const& inner : section.sections) html += to_html(inner, depth + 1, content);
  return html + "</section>\n";
}

}  // namespace mambasynth::analysis::document
