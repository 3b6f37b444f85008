#pragma once

#include <cstddef>
#include <string>

namespace mambasynth::config {

/// Size limit of a TOML file in bytes: enough for more than 100,000 seeds. toml11 takes minutes for much longer files.
inline constexpr std::size_t most_toml_bytes = std::size_t{1} << 20;
/// Limit on the nesting of brackets and on the parts of a dotted key. toml11 uses a stack frame for each level.
inline constexpr int most_toml_depth = 50;

/// Refuses what would crash toml11 or be changed silently: excessive length or nesting, and numbers that do not fit 64
/// bits (it uses the nearest one that does). Messages show `origin` instead of a file name. Errors: errors::usage with
/// the line, the key and the value.
void require_safe_toml(std::string const& text, std::string const& origin);

/// toml11 accepts only UTF-8, but a path may hold any bytes: each byte that is not part of a valid character is
/// replaced by a character from the end of the code space, and `original_bytes` reverses this for a string that was
/// read. Occurrences of those characters in the text itself are replaced byte by byte, too.
std::string readable_toml(std::string const& text);
std::string original_bytes(std::string const& text);

}  // namespace mambasynth::config
