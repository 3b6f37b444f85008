#include "analysis/report/page.hpp"

#include <fmt/format.h>

#include "analysis/document/html.hpp"
#include "analysis/report/base64.hpp"
#include "generated/report_assets.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::analysis::report {
namespace {

/// As an image, an SVG has ids, styles, and fonts of its own, which cannot clash with those of others.
std::string inlined(document::Figure const& figure, std::filesystem::path const& folder) {
  auto const svg = store::read_text(folder / figure.file);
  return fmt::format("<img alt=\"{}\" src=\"data:image/svg+xml;base64,{}\">",
                     document::html_escaped(figure.alternative), base64(svg));
}

std::string contents(std::vector<document::Section> const& sections, int depth) {
  if (sections.empty() || depth == 0) return {};
  std::string html = "<ol>\n";
  for (auto const& section : sections)
    html += fmt::format("<li><a href=\"#{}\">{}</a>{}</li>\n", document::html_id("sec", section.label),
                        document::html_text(section.title), contents(section.sections, depth - 1));
  return html + "</ol>\n";
}

}  // namespace

std::string to_page(document::Document const& document, std::filesystem::path const& folder) {
  constexpr int shown_depth = 2;
  auto const content = [&](document::Figure const& figure) { return inlined(figure, folder); };
  auto const title = document::html_text(document.title);
  auto html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'sha256-{}'; "
      "script-src 'sha256-{}'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>",
      base64(bytes_of_hex(assets::style_sha256)), base64(bytes_of_hex(assets::script_sha256)),
      document::html_escaped(document.title.text()));
  html += assets::style;
  html += fmt::format(
      "</style>\n</head>\n<body>\n<header><h1>{}</h1></header>\n<nav aria-label=\"Contents\">\n{}</nav>\n<main>\n",
      title, contents(document.sections, shown_depth));
  html += document::to_html(document.blocks, content);
  constexpr int section_depth = 2;
  for (auto const& section : document.sections) html += document::to_html(section, section_depth, content);
  html += "</main>\n<script>";
  html += assets::script;
  return html + "</script>\n</body>\n</html>\n";
}

}  // namespace mambasynth::analysis::report
