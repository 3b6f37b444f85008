#pragma once

#include <string_view>

namespace mambasynth::errors {

inline constexpr std::string_view blanks = " \t\r\n\v\f";

/// Text that people wrote, without the blanks around it.
inline std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace mambasynth::errors
