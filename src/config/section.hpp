#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "config/field.hpp"

/// Reading and writing the fields of one section; only the .cpp files include toml11.
namespace mambasynth::config {

/// Calls f(field) for each field of a section type.
template <class Section, class F>
void for_each_field(F&& f) {
  std::apply([&](auto const&... field) { (f(field), ...); }, Section::fields());
}

/// A parsed value for a field, and where it was written.
struct Given {
  enum class Kind { boolean, integer, floating, text, integers, other };
  Kind kind = Kind::other;
  bool boolean = false;
  std::int64_t integer = 0;
  double floating = 0;
  std::string text = {};
  Integers integers = {};
  std::string unfit = {};   ///< for a number, why it does not fit 64 bits; the kind is `other` then
  std::string shown = {};   ///< as the user wrote it
  std::string origin = {};  ///< "sweeps/gate_lr.toml:14", "--set", "--lr"
};

/// Sets `target` from a given value after checking it against `allowed`. A float without a fraction, such as 1e5, is
/// accepted as an integer. Errors: errors::usage naming origin and key.
void assign(bool& target, Allowed const&, std::string const& key, Given const&);
void assign(std::int64_t& target, Allowed const&, std::string const& key, Given const&);
void assign(double& target, Allowed const&, std::string const& key, Given const&);
void assign(std::string& target, Allowed const&, std::string const& key, Given const&);
void assign(Integers& target, Allowed const&, std::string const& key, Given const&);
void assign(std::optional<std::int64_t>& target, Allowed const&, std::string const& key, Given const&);

/// Parses a word or number from the command line as TOML ("1e-3", "true", "[1, 2]"); in lists of integers, the brackets
/// may be omitted, and "42:47" stands for 42 to 47, both included. Anything else is text.
Given given_text(std::string const& text, std::string const& origin);

/// Whether a float, such as 1e5, is an integer, and no other integer rounds to the same float.
bool is_exact_integer(double value);

std::string to_toml(bool value);
std::string to_toml(std::int64_t value);
std::string to_toml(double value);
std::string to_toml(std::string const& value);
std::string to_toml(Integers const& value);
/// Canonical text, as hashed into a trial's ID: floats in shortest form, strings unquoted.
std::string canonical(bool value);
std::string canonical(std::int64_t value);
std::string canonical(double value);
std::string canonical(std::string const& value);
std::string canonical(Integers const& value);

/// Why the TOML number `text` (with sign, prefix and underscores) does not fit 64 bits; "" if it fits or `text` is not
/// a number.
std::string unfit_number(std::string const& text);

/// The bounds as text for --help and messages, e.g. "at least 1", "one of group, global"; "" if there are none.
std::string describe(Allowed const& allowed);

/// The placeholder of a key's value in --help: N for an integer, X for a number, the words that it may be.
inline std::string placeholder(std::int64_t, Allowed const&) { return "N"; }
inline std::string placeholder(std::optional<std::int64_t>, Allowed const&) { return "N"; }
inline std::string placeholder(double, Allowed const&) { return "X"; }
inline std::string placeholder(bool, Allowed const&) { return ""; }
inline std::string placeholder(Integers const&, Allowed const&) { return "N,..."; }
std::string placeholder(std::string const&, Allowed const& allowed);

template <class Section>
std::vector<std::string> keys_of() {
  std::vector<std::string> keys;
  for_each_field<Section>([&](auto const& field) { keys.emplace_back(field.key); });
  return keys;
}

/// The allowed values of the section's key; no bounds if the section has no such key.
template <class Section>
Allowed allowed_of(std::string_view key) {
  Allowed allowed;
  for_each_field<Section>([&](auto const& field) {
    if (field.key == key) allowed = field.allowed;
  });
  return allowed;
}

/// Sets a key of the section. Returns false if it has no such key.
template <class Section>
bool assign_key(Section& section, std::string const& key, Given const& given) {
  bool found = false;
  for_each_field<Section>([&](auto const& field) {
    if (field.key != key) return;
    assign(section.*(field.member), field.allowed, std::string(Section::section) + "." + key, given);
    found = true;
  });
  return found;
}

/// "[section]\nkey = value\n..."; optional keys without a value are omitted, as are those that `omitted` selects.
template <class Section>
std::string section_to_toml(Section const& section, bool (*omitted)(std::string_view key) = nullptr) {
  std::string text = "[";
  text.append(Section::section).append("]\n");
  for_each_field<Section>([&](auto const& field) {
    if (omitted && omitted(field.key)) return;
    auto const& value = section.*(field.member);
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<std::int64_t>>) {
      if (value) text += std::string(field.key) + " = " + to_toml(*value) + "\n";
    } else {
      text += std::string(field.key) + " = " + to_toml(value) + "\n";
    }
  });
  return text;
}

}  // namespace mambasynth::config
