#include "analysis/report/base64.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>

namespace mambasynth::analysis::report {

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t group = 3;
  std::string text;
  text.reserve((bytes.size() + group - 1) / group * 4);
  for (std::size_t at = 0; at < bytes.size(); at += group) {
    auto const piece = bytes.substr(at, group);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < group; ++i)
      bits = bits << 8U | (i < piece.size() ? static_cast<unsigned char>(piece[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) text += i <= piece.size() ? digits[bits >> (18 - 6 * i) & 63U] : '=';
  }
  return text;
}

std::string bytes_of_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    unsigned byte = 0;
    std::from_chars(digits.data() + at, digits.data() + at + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace mambasynth::analysis::report
