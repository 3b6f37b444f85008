#pragma once

#include <cstdint>
#include <string>

#include "config/field.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mambasynth::commands {

/// Adds a numeric flag without a configuration key, parsed and checked like a key; the bounds are its option text.
/// Parsing errors are errors::usage naming the flag.
CLI::Option* add_number(CLI::App& app, std::string const& flag, std::int64_t& target, config::Allowed const& allowed,
                        std::string const& help);
CLI::Option* add_number(CLI::App& app, std::string const& flag, int& target, config::Allowed const& allowed,
                        std::string const& help);
CLI::Option* add_number(CLI::App& app, std::string const& flag, double& target, config::Allowed const& allowed,
                        std::string const& help);

/// Refuses an empty file or folder name, as from an unset shell variable.
void require_named_paths(CLI::App const& app);

}  // namespace mambasynth::commands
