#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Environment variables outlive what they describe: a shell keeps those of a job that has ended. So each one is
/// checked before use, and an invalid one never ends the program.
namespace mambasynth::environment {

/// The variable's value; nothing if it is not set or empty.
std::optional<std::string> value(char const* name);

/// Parses all of `text` as a decimal integer in [lowest, highest], with optional surrounding whitespace.
std::optional<std::int64_t> parse_integer(std::string const& text, std::int64_t lowest, std::int64_t highest);

/// The variable as such an integer. Any other value is ignored with a warning.
std::optional<std::int64_t> number(char const* name, std::int64_t lowest, std::int64_t highest);

/// The variable as a finite decimal number in [lowest, highest]. Any other value is ignored with a warning.
std::optional<double> decimal(char const* name, double lowest, double highest);

/// Logs the warning `NAME=value is ignored (why). remedy.` to stderr, once per name and only on the first launched
/// rank.
void warn_ignored(std::string const& name, std::string const& why, std::string const& remedy);

}  // namespace mambasynth::environment
