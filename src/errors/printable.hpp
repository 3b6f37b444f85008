#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mambasynth::errors {

/// Bytes of the UTF-8 character that `text` (not empty) starts with; 0 where it starts with none.
std::size_t character_bytes(std::string_view text);

/// `text` as valid UTF-8: each byte that belongs to no character is written \xE9. Paths on Linux are bytes; JSON and
/// HDF5 take characters.
std::string valid_utf8(std::string_view text);

/// `text` for one line of a terminal: as valid_utf8, and what would break the line or steer the terminal (control
/// characters, separators of lines, marks that turn the direction of writing) is written \n, \x1B or \u2028. A longer
/// text than `most_bytes` loses its middle, where "..." stands instead. A printable text stays as it is: applying it
/// twice changes nothing.
std::string printable(std::string_view text, std::size_t most_bytes);

/// Bytes of a value that a message quotes.
inline constexpr std::size_t most_value_bytes = 120;
/// A value as a message quotes it.
inline std::string quotable(std::string_view value) { return printable(value, most_value_bytes); }

}  // namespace mambasynth::errors
