#pragma once

#include <string>

#include "config/config.hpp"

namespace mambasynth::series {

/// The original's config.json, byte for byte: two spaces, its key order, numbers as Python writes them, no newline at
/// the end. Keys that the original lacks (path_seed, test_path_seed, test_n_steps) follow if they are set.
std::string to_config_json(config::Data const& data);

/// Errors: errors::input naming `origin` (not JSON, a key missing or of the wrong type, a value out of bounds).
config::Data from_config_json(std::string const& text, std::string const& origin);

}  // namespace mambasynth::series
