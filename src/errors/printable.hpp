#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mambasynth::errors {

/// Bytes of the UTF-8 character at the start of `text` (not empty); 0 if it is invalid.
std::size_t character_bytes(std::string_view text);

/// `text` as valid UTF-8: each byte that is not part of a character is written as e.g. \xE9. Paths on Linux are bytes;
/// JSON and HDF5 need characters.
std::string valid_utf8(std::string_view text);

/// `text` for one line of a terminal: as valid_utf8, with everything escaped that would break the line or control the
/// terminal (control characters, line separators, marks that change the writing direction), as \n, \x1B or \u2028. The
/// middle of a text longer than `most_bytes` is replaced by "...". Printable text is unchanged; the function is
/// idempotent.
std::string printable(std::string_view text, std::size_t most_bytes);

/// Maximum bytes of a value quoted in a message.
inline constexpr std::size_t most_value_bytes = 120;
/// A value as quoted in a message.
inline std::string quotable(std::string_view value) { return printable(value, most_value_bytes); }

}  // namespace mambasynth::errors
