#include "analysis/plot/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <sstream>

namespace mambasynth::analysis::plot {
namespace {

constexpr double millimeters_of_point = 25.4 / 72;

// Advance widths of DejaVu Sans, thousandths of the size: ' ' to '~', and the widest of what else figures have.
constexpr std::array<int, 95> advance{318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
                                      636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
                                      1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
                                      603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
                                      500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
                                      635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};
constexpr int other_advance = 838;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u; }

std::string superscript(int exponent) {
  constexpr std::array digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "⁻" : "";
  for (char const digit : fmt::format("{}", std::abs(exponent)))
    text += digits.at(static_cast<std::size_t>(digit - '0'));
  return text;
}

}  // namespace

std::string quotable(std::string_view text, std::size_t longest) {
  std::string result;
  for (char const c : text) {
    bool const harmful =
        c == '"' || c == '`' || c == '\\' || c == '$' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    result += harmful ? '_' : c;
  }
  if (result.size() <= longest) return result;
  auto end = longest - 2;
  while (end > 0 && continues(result[end])) --end;
  return result.substr(0, end) + "..";
}

double text_width(std::string_view text, double points) {
  double thousandths = 0;
  for (char const c : text) {
    if (continues(c)) continue;
    auto const code = static_cast<unsigned char>(c);
    thousandths += code >= 0x20 && code < 0x7f ? advance.at(code - 0x20u) : other_advance;
  }
  return thousandths / 1000 * points * millimeters_of_point;
}

std::string shortened(std::string const& text, double width, double points) {
  if (text_width(text, points) <= width) return text;
  auto end = text.size();
  while (end > 0 && text_width(text.substr(0, end) + "…", points) > width) do
      --end;
    while (end > 0 && continues(text[end]));
  return text.substr(0, end) + "…";
}

std::vector<std::string> wrapped_text(std::string_view text, double width, double points) {
  std::vector<std::string> lines;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    word = shortened(word, width, points);
    auto const longer = lines.empty() ? word : lines.back() + " " + word;
    if (!lines.empty() && text_width(longer, points) <= width) lines.back() = longer;
    else lines.push_back(word);
  }
  return lines;
}

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string count_text(std::size_t count) {
  auto text = fmt::format("{}", count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string number_text(double value) {
  auto text = fmt::format("{:.6g}", value == 0 ? 0.0 : value);  // not -0
  auto const e = text.find('e');
  std::string power;
  if (e != std::string::npos) {
    power = "10" + superscript(std::atoi(text.c_str() + e + 1));
    text.resize(e);
    if (text == "1") text.clear();
    else if (text == "-1") text = "-";
    else power = "×" + power;
  }
  if (text.starts_with('-')) text = "−" + text.substr(1);
  return text + power;
}

}  // namespace mambasynth::analysis::plot
