#pragma once

#include <algorithm>
#include <string_view>

namespace mambasynth::store {

/// Whether a name from a file, such as a trial's ID, may become a folder's name: a path in its place could lead
/// anywhere.
inline bool can_name_folder(std::string_view name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

}  // namespace mambasynth::store
