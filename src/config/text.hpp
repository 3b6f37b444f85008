#pragma once

#include <cstdint>
#include <string>

namespace mambasynth::config {

/// The shortest text that parses to the same double (std::to_chars): "0.1", "3e-04", "1".
std::string shortest(double value);
/// As `shortest`, but a TOML float even if the value is an integer: "1.0".
std::string toml_float(double value);
/// A TOML basic string, quoted and escaped.
std::string toml_string(std::string const& text);

}  // namespace mambasynth::config
