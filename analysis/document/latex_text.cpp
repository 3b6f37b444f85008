#include "analysis/document/latex_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "analysis/document/text_rows.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::document {
namespace {

struct Symbol {
  std::string_view character, latex;
};

constexpr Symbol symbols[] = {
    // What LaTeX takes for markup, or would join to another character.
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\$"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"%", "\\%"},
    {"_", "\\_"},
    {"^", "\\textasciicircum{}"},
    {"~", "\\textasciitilde{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"`", "\\textasciigrave{}"},
    {"\"", "''"},
    // Typography
    {"\u00A0", "~"},
    {"\u2013", "--"},
    {"\u2014", "---"},
    {"\u2018", "`"},
    {"\u2019", "'"},
    {"\u201C", "``"},
    {"\u201D", "''"},
    {"\u2026", "\\ldots{}"},
    {"\u2022", "\\textbullet{}"},
    {"\u2020", "\\textdagger{}"},
    {"\u2021", "\\textdaggerdbl{}"},
    {"\u00A7", "\\textsection{}"},
    {"\u00B6", "\\textparagraph{}"},
    {"\u00A9", "\\textcopyright{}"},
    {"\u00AB", "\\ensuremath{\\ll}"},
    {"\u00BB", "\\ensuremath{\\gg}"},
    {"\u20AC", "EUR"},
    // Mathematics
    {"\u00B1", "\\ensuremath{\\pm}"},
    {"\u2212", "\\ensuremath{-}"},
    {"\u00D7", "\\ensuremath{\\times}"},
    {"\u00F7", "\\ensuremath{\\div}"},
    {"\u00B7", "\\ensuremath{\\cdot}"},
    {"\u00B0", "\\ensuremath{^{\\circ}}"},
    {"\u00B9", "\\textsuperscript{1}"},
    {"\u00B2", "\\textsuperscript{2}"},
    {"\u00B3", "\\textsuperscript{3}"},
    {"\u2264", "\\ensuremath{\\leq}"},
    {"\u2265", "\\ensuremath{\\geq}"},
    {"\u2248", "\\ensuremath{\\approx}"},
    {"\u2260", "\\ensuremath{\\neq}"},
    {"\u221E", "\\ensuremath{\\infty}"},
    {"\u221A", "\\ensuremath{\\surd}"},
    {"\u2192", "\\ensuremath{\\rightarrow}"},
    {"\u2190", "\\ensuremath{\\leftarrow}"},
    {"\u2211", "\\ensuremath{\\sum}"},
    {"\u00B5", "\\ensuremath{\\mu}"},
    {"\u03B1", "\\ensuremath{\\alpha}"},
    {"\u03B2", "\\ensuremath{\\beta}"},
    {"\u03B3", "\\ensuremath{\\gamma}"},
    {"\u03B4", "\\ensuremath{\\delta}"},
    {"\u03B5", "\\ensuremath{\\epsilon}"},
    {"\u03B8", "\\ensuremath{\\theta}"},
    {"\u03BB", "\\ensuremath{\\lambda}"},
    {"\u03BC", "\\ensuremath{\\mu}"},
    {"\u03C0", "\\ensuremath{\\pi}"},
    {"\u03C1", "\\ensuremath{\\rho}"},
    {"\u03C3", "\\ensuremath{\\sigma}"},
    {"\u03C4", "\\ensuremath{\\tau}"},
    {"\u03C6", "\\ensuremath{\\varphi}"},
    {"\u03C9", "\\ensuremath{\\omega}"},
    {"\u0394", "\\ensuremath{\\Delta}"},
    {"\u03A3", "\\ensuremath{\\Sigma}"},
    {"\u03A9", "\\ensuremath{\\Omega}"},
};

std::uint32_t code_of(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character[0]);
  std::uint32_t code = static_cast<unsigned char>(character[0]) & (0xFFu >> (character.size() + 1));
  for (auto const c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

/// Letters with accents that LaTeX composes in any font: of Latin-1, all but eth and thorn.
bool is_accented_letter(std::uint32_t code) {
  constexpr std::uint32_t first = 0xC0, last = 0xFF;
  constexpr std::uint32_t others[] = {0xD0, 0xD7, 0xDE, 0xF0, 0xF7, 0xFE};
  return code >= first && code <= last && std::find(std::begin(others), std::end(others), code) == std::end(others);
}

std::string character_text(std::string_view character) {
  auto const* const at = std::find_if(std::begin(symbols), std::end(symbols),
                                      [&](auto const& symbol) { return symbol.character == character; });
  if (at != std::end(symbols)) return std::string(at->latex);
  auto const code = code_of(character);
  return code < 0x80 || is_accented_letter(code) ? std::string(character) : fmt::format("U+{:04X}", code);
}

/// With a place to break the line after each character of `breaks`.
std::string escaped(std::string_view text, std::string_view breaks) {
  auto const line = one_line(text);
  std::string out;
  for (std::string_view rest = line; !rest.empty();) {
    auto const bytes = errors::character_bytes(rest);
    out += character_text(rest.substr(0, bytes));
    if (rest.starts_with("--")) out += "{}";  // two hyphens, not a dash
    if (breaks.find(rest.front()) != std::string_view::npos) out += "\\allowbreak{}";
    rest.remove_prefix(bytes);
  }
  return out;
}

/// Dotted names and paths break where a reader would.
std::string code_text(std::string const& text) { return "\\texttt{" + escaped(text, "./_=") + "}"; }

}  // namespace

std::string latex_escaped(std::string_view text) { return escaped(text, ""); }

std::string latex_text(Inline const& text) {
  std::string all;
  for (auto const& span : text.spans()) {
    switch (span.style) {
      case Style::plain:
        all += latex_escaped(span.text);
        break;
      case Style::emphasis:
        all += "\\emph{" + latex_escaped(span.text) + "}";
        break;
      case Style::code:
        all += code_text(span.text);
        break;
      case Style::link:  // without hyperref
        all += latex_escaped(span.text) + " (" + code_text(span.target) + ")";
    }
  }
  return all;
}

std::string latex_label(std::string const& label) {
  std::string out;
  for (char const c : label) out += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.' ? c : '-';
  return out;
}

}  // namespace mambasynth::analysis::document
