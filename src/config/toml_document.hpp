#pragma once

#include <toml.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"

/// TOML as toml11 represents it, for code that reads more than a trial's sections (a sweep file). All other code uses
/// toml.hpp.
namespace mambasynth::config {

/// Parses a file. Errors: errors::usage with file, line and the parser's reason.
toml::value parse_toml(std::filesystem::path const& file);
/// Parses text; messages show `origin` instead of a file name.
toml::value parse_toml_text(std::string const& text, std::string const& origin);
/// "sweeps/gate_lr.toml:14".
std::string where(toml::value const& value);
Given given(toml::value const& value);
/// Sets every key of all sections. Top-level names in `foreign` are skipped; any other unknown name is an error with
/// the nearest name.
void apply(Trial& trial, toml::value const& root, std::vector<std::string> const& foreign = {});

}  // namespace mambasynth::config
