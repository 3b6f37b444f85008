#include "analysis/document/latex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <variant>

#include "analysis/document/latex_table.hpp"
#include "analysis/document/latex_text.hpp"

namespace mambasynth::analysis::document {
namespace {

std::string text_of(Paragraph const& paragraph) { return latex_text(paragraph.text) + "\n"; }

std::string text_of(List const& list) {
  auto const* const environment = list.numbered ? "enumerate" : "itemize";
  auto text = fmt::format("\\begin{{{}}}\n", environment);
  for (auto const& item : list.items) text += "\\item{} " + latex_text(item) + "\n";
  return text + fmt::format("\\end{{{}}}\n", environment);
}

/// Not verbatim, which would end at its own end mark in the text and print what the font lacks as an error.
std::string text_of(CodeBlock const& block) {
  std::string text = "\\begin{flushleft}\\small\\ttfamily\n", line;
  auto const add = [&] {
    std::string escaped;
    bool indented = true;
    for (char const c : line) {
      indented = indented && c == ' ';
      escaped += indented ? "\u00A0" : std::string(1, c);
    }
    text += "\\mbox{}" + latex_escaped(escaped) + "\\\\\n";
    line.clear();
  };
  for (char const c : block.text) {
    if (c == '\n') add();
    else line += c;
  }
  if (!line.empty()) add();
  return text + "\\end{flushleft}\n";
}

std::string text_of(Figure const& figure) {
  auto text = fmt::format(
      "\\begin{{figure}}\n\\centering\n\\includegraphics[width=\\linewidth]{{\\detokenize{{{}}}}}\n", figure.file);
  if (!figure.caption.empty()) text += "\\caption{" + latex_text(figure.caption) + "}\n";
  if (!figure.label.empty()) text += "\\label{fig:" + latex_label(figure.label) + "}\n";
  return text + "\\end{figure}\n";
}

std::string text_of(Table const& table) { return latex_table(table); }

std::string text_of(Blocks const& blocks) {
  std::string text;
  for (auto const& block : blocks) text += "\n" + to_latex(block);
  return text;
}

void append(std::string& text, Section const& section, std::size_t depth) {
  constexpr std::array commands{"section", "subsection", "subsubsection", "paragraph"};
  text += fmt::format("\n\\{}{{{}}}\n", commands[std::min(depth, commands.size() - 1)], latex_text(section.title));
  if (!section.label.empty()) text += "\\label{sec:" + latex_label(section.label) + "}\n";
  text += text_of(section.blocks);
  for (auto const& inner : section.sections) append(text, inner, depth + 1);
}

}  // namespace

std::string latex_packages() { return "\\usepackage{booktabs}\n\\usepackage{graphicx}\n\\usepackage{siunitx}\n"; }

std::string to_latex(Block const& block) {
  return std::visit([](auto const& of) { return text_of(of); }, block);
}

std::string to_latex(Document const& document) {
  auto text = "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n" + latex_packages() + "\\title{" +
              latex_text(document.title) + "}\n\\date{}\n\\begin{document}\n\\maketitle\n" + text_of(document.blocks);
  for (auto const& section : document.sections) append(text, section, 0);
  return text + "\\end{document}\n";
}

}  // namespace mambasynth::analysis::document
