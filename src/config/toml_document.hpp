#pragma once

#include <toml.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/section.hpp"

/// TOML as toml11 represents it, for whoever reads more than a trial's sections (a sweep file). The rest takes
/// toml.hpp.
namespace mambasynth::config {

/// Parses a file; errors::usage with file, line and the parser's reason.
toml::value parse_toml(std::filesystem::path const& file);
/// Parses text; `origin` stands for the file name in messages.
toml::value parse_toml_text(std::string const& text, std::string const& origin);
/// "sweeps/gate_lr.toml:14".
std::string where(toml::value const& value);
Given given(toml::value const& value);
/// Sets every key of the tables of all sections; top-level names in `foreign` are somebody else's, any other is an
/// error with the nearest name.
void apply(Trial& trial, toml::value const& root, std::vector<std::string> const& foreign = {});

}  // namespace mambasynth::config
