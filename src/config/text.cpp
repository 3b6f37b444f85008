#include "config/text.hpp"

#include <array>
#include <charconv>

namespace mambasynth::config {

std::string shortest(double value) {
  std::array<char, 64> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string toml_float(double value) {
  auto text = shortest(value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string toml_string(std::string const& text) {
  std::string quoted = "\"";
  for (char const c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char digits[] = "0123456789abcdef";
          quoted += "\\u00";
          quoted += digits[(c >> 4) & 15];
          quoted += digits[c & 15];
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

}  // namespace mambasynth::config
