#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <toml.hpp>

#include "config/config.hpp"
#include "config/section.hpp"

/// A trial's configuration from TOML and back. Whoever reads more than a trial (a sweep file) includes this; the rest
/// needs config.hpp alone.
namespace mambasynth::config {

/// Parses a file; errors::usage with file, line and the parser's reason.
toml::value parse_toml(std::filesystem::path const& file);
/// Parses text; `origin` stands for the file name in messages.
toml::value parse_toml_text(std::string const& text, std::string const& origin);
/// "sweeps/gate_lr.toml:14".
std::string where(toml::value const& value);
Given given(toml::value const& value);

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
/// Sets every key of the tables of all sections; top-level names in `foreign` are somebody else's, any other is an error
/// with the nearest name.
void apply(Trial& trial, toml::value const& root, std::vector<std::string> const& foreign = {});
/// `section.key=value` as --set takes it.
void set_text(Trial& trial, std::string const& assignment);

/// The configuration of a trial, every default shown; optional keys with the value that they stand for. [generate] and
/// what else no trial reads ([gates], [oracle], [dimension]) are left out.
std::string to_toml(Trial const& trial);

/// (section.key, canonical text) of every key that changes results (Effect: later keys only where they are not at their
/// default), [evaluate] and paths left out, optional keys resolved. Sorted bytewise by key. `precision` must have been resolved.
std::vector<std::pair<std::string, std::string>> canonical_keys(Trial const& trial);

}  // namespace mambasynth::config
