#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"

/// A trial's configuration from TOML and back, as text: toml11 takes seconds to include (toml_document.hpp).
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

/// Every key, as "section.key".
std::vector<std::string> trial_keys();

/// Sets one key, "section.key"; an unknown one is errors::usage with the nearest name.
void set(Trial& trial, std::string const& key, Given const& value);
/// The value that a trial has for "section.key", optional keys resolved.
/// Errors: std::out_of_range for a key that is not there.
Given get(Trial const& trial, std::string const& key);
/// What a value comes to once it is in a configuration, as identity writes it: 1, 1.0 and 1e0 are one learning rate.
/// Errors: as set().
std::string canonical_value(std::string const& key, Given const& value);
/// Sets every key of a file, or of text (`origin` stands for the file's name in messages). An unknown section or key is
/// errors::usage with the nearest name.
void apply_file(Trial& trial, std::filesystem::path const& file);
void apply_text(Trial& trial, std::string const& text, std::string const& origin);
/// `section.key=value` as --set takes it.
void set_text(Trial& trial, std::string const& assignment);

/// The configuration of a trial, every default shown; optional keys with the value that they stand for. [generate] and
/// what else no trial reads ([gates], [oracle], [dimension]) are left out.
std::string to_toml(Trial const& trial);

/// (section.key, canonical text) of every key that changes results (Effect: later keys only where they are not at their
/// default), [evaluate] and paths left out, optional keys resolved. Sorted bytewise by key. `precision` must have been
/// resolved.
std::vector<std::pair<std::string, std::string>> canonical_keys(Trial const& trial);

}  // namespace mambasynth::config
