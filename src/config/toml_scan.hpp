#pragma once

#include <cstddef>
#include <string>

namespace mambasynth::config {

/// Bytes of a TOML file: 100,000 seeds and more. toml11 takes minutes for much longer ones.
inline constexpr std::size_t most_toml_bytes = std::size_t{1} << 20;
/// Brackets, and parts of a dotted key, inside each other. toml11 takes a stack frame for each.
inline constexpr int most_toml_depth = 50;

/// Refuses what toml11 would not survive or would change without a word: text or nesting without end, and numbers that
/// do not fit 64 bits (it takes the nearest that does). `origin` stands for the file's name in messages. Errors:
/// errors::usage with the line, the key and the value.
void require_safe_toml(std::string const& text, std::string const& origin);

/// toml11 takes UTF-8 alone, but a path is bytes: each byte that belongs to no character becomes one from the end of
/// the code space, and `original_bytes` of a string that was read turns it back. What the text itself holds of those
/// characters is taken apart likewise.
std::string readable_toml(std::string const& text);
std::string original_bytes(std::string const& text);

}  // namespace mambasynth::config
