#pragma once

#include <cstdint>
#include <optional>
#include <utility>

namespace mambasynth::store {

/// A value of the JSON library as an integer; nothing if it is none, or does not fit. The library itself converts any
/// number, and wraps or truncates those that do not fit.
template <class T, class Json>
std::optional<T> integer_in(Json const& value) {
  if (value.is_number_unsigned()) {
    auto const number = value.template get<std::uint64_t>();
    return std::in_range<T>(number) ? std::optional(static_cast<T>(number)) : std::nullopt;
  }
  if (!value.is_number_integer()) return std::nullopt;
  auto const number = value.template get<std::int64_t>();
  return std::in_range<T>(number) ? std::optional(static_cast<T>(number)) : std::nullopt;
}

/// The integer under `key` of an object; `otherwise` if there is none.
template <class T, class Json>
T integer_in(Json const& object, char const* key, T otherwise) {
  auto const found = object.find(key);
  return found == object.end() ? otherwise : integer_in<T>(*found).value_or(otherwise);
}

}  // namespace mambasynth::store
