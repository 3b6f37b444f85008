#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"

/// A trial's configuration from and to TOML text. Does not include toml11, which takes seconds to compile
/// (toml_document.hpp does).
namespace mambasynth::config {

/// Calls f(section) for each section of a trial.
template <class Trial_, class F>
void for_each_section(Trial_& trial, F&& f) {
  f(trial.data);
  f(trial.model);
  f(trial.train);
  f(trial.evaluate);
  f(trial.generate);
  f(trial.gates);
  f(trial.oracle);
  f(trial.dimension);
}

/// Calls f(field, value) for the key "section.key" of `trial`. Returns false if no section has that key.
template <class F>
bool visit_key(Trial const& trial, std::string const& key, F&& f) {
  bool found = false;
  for_each_section(trial, [&](auto const& section) {
    using Section = std::decay_t<decltype(section)>;
    for_each_field<Section>([&](auto const& field) {
      if (key != std::string(Section::section) + "." + std::string(field.key)) return;
      f(field, section.*(field.member));
      found = true;
    });
  });
  return found;
}

/// Every key, as "section.key".
std::vector<std::string> trial_keys();

/// Sets the key "section.key". Errors: errors::usage for an unknown key, with the nearest name.
void set(Trial& trial, std::string const& key, Given const& value);
/// The trial's value of "section.key", optional keys resolved, as if it had been read from a file.
/// Errors: std::out_of_range for an unknown key.
Given get(Trial const& trial, std::string const& key);
/// The canonical text of a value for a key: 1, 1.0 and 1e0 are the same learning rate. Errors: as set().
std::string canonical_value(std::string const& key, Given const& value);
/// Sets every key of a file or text; messages about text show `origin` instead of a file name. Errors: errors::usage
/// for an unknown section or key, with the nearest name.
void apply_file(Trial& trial, std::filesystem::path const& file);
void apply_text(Trial& trial, std::string const& text, std::string const& origin);
/// The keys that a file sets, as "section.key".
std::set<std::string> keys_in_file(std::filesystem::path const& file);
/// Applies an assignment `section.key=value` from --set.
void set_text(Trial& trial, std::string const& assignment);

/// The configuration of a trial including every default, with optional keys resolved. Sections that no trial reads
/// ([generate], [gates], [oracle], [dimension]) are omitted.
std::string to_toml(Trial const& trial);

/// (section.key, canonical text) of every key that changes results (for keys added later, only if not at their default;
/// see Effect), without [evaluate] and paths, optional keys resolved. Sorted bytewise by key. `precision` must be
/// resolved.
std::vector<std::pair<std::string, std::string>> canonical_keys(Trial const& trial);

}  // namespace mambasynth::config
