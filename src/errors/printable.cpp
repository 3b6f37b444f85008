#include "errors/printable.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace mambasynth::errors {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  ///< 0: not a character
};

/// The character at the start of `text`, by the Unicode Standard's table 3-7 of well-formed byte sequences.
Character first_of(std::string_view text) {
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const lead = at(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t const bytes = lead >= 0xC2 && lead <= 0xDF   ? 2
                            : lead >= 0xE0 && lead <= 0xEF ? 3
                            : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                           : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (at(i) & 0x3Fu);
  }
  bool const overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  bool const surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? Character{} : Character{code, bytes};
}

std::string hexadecimal(std::uint32_t value, int digits) {
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789ABCDEF"[(value >> shift) & 15];
  return text;
}

std::string escaped_byte(char byte) { return "\\x" + hexadecimal(static_cast<unsigned char>(byte), 2); }

bool steers(std::uint32_t code) {
  bool const control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  bool const line = code == 0x2028 || code == 0x2029;
  bool const direction =
      (code >= 0x200E && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return control || line || direction;
}

std::string escaped(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return code < 0x100 ? "\\x" + hexadecimal(code, 2) : "\\u" + hexadecimal(code, 4);
  }
}

/// Concatenates the pieces [first, last).
std::string joined(std::vector<std::string> const& pieces, std::size_t first, std::size_t last) {
  std::string text;
  for (auto i = first; i < last; ++i) text += pieces[i];
  return text;
}

}  // namespace

std::size_t character_bytes(std::string_view text) { return first_of(text).bytes; }

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    auto const next = first_of(text);
    if (next.bytes == 0) valid += escaped_byte(text.front());
    else valid.append(text.substr(0, next.bytes));
    text.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  return valid;
}

std::string printable(std::string_view text, std::size_t most_bytes) {
  // Of a very long text only the two ends can appear in the result.
  constexpr std::size_t longest_character = 4;
  std::string ends;
  bool const huge = text.size() > 2 * longest_character * most_bytes;
  if (huge) {
    ends.append(text.substr(0, longest_character * most_bytes))
        .append(text.substr(text.size() - longest_character * most_bytes));
    text = ends;
  }
  std::vector<std::string> pieces;
  std::size_t bytes = 0;
  while (!text.empty()) {
    auto const next = first_of(text);
    pieces.push_back(next.bytes == 0     ? escaped_byte(text.front())
                     : steers(next.code) ? escaped(next.code)
                                         : std::string(text.substr(0, next.bytes)));
    bytes += pieces.back().size();
    text.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  if (bytes <= most_bytes) return joined(pieces, 0, pieces.size());
  // Keep more of the start, which matters in a sentence, but also the end, which matters in a path or number.
  constexpr std::string_view gap = "...";
  auto const room = most_bytes > gap.size() ? most_bytes - gap.size() : 0;
  std::size_t head = 0, tail = pieces.size();
  for (std::size_t used = 0; head < tail && used + pieces[head].size() <= 2 * room / 3; ++head)
    used += pieces[head].size();
  for (std::size_t used = 0; tail > head && used + pieces[tail - 1].size() <= room / 3; --tail)
    used += pieces[tail - 1].size();
  return joined(pieces, 0, head).append(gap).append(joined(pieces, tail, pieces.size()));
}

}  // namespace mambasynth::errors
