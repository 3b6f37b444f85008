#pragma once

#include <cstdint>
#include <string>

#include "config/field.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mambasynth::commands {

/// A number that no key stands behind, read and checked as a key's is. Errors of the returned flag: errors::usage
/// naming it.
CLI::Option* add_number(CLI::App& app, std::string const& flag, std::int64_t& target, config::Allowed const& allowed,
                        std::string const& help);
CLI::Option* add_number(CLI::App& app, std::string const& flag, int& target, config::Allowed const& allowed,
                        std::string const& help);
CLI::Option* add_number(CLI::App& app, std::string const& flag, double& target, config::Allowed const& allowed,
                        std::string const& help);

/// Refuses an empty name of a file or folder: of a shell's variable that is not set, which would be taken for something
/// else.
void require_named_paths(CLI::App const& app);

}  // namespace mambasynth::commands
