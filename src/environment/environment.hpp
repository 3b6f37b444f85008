#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Variables of the environment outlive what they describe: a shell keeps those of a job that has ended. None is
/// believed unchecked, and none that is wrong ends the work.
namespace mambasynth::environment {

/// Nothing where `name` is not set, or empty.
std::optional<std::string> value(char const* name);

/// All of `text` as a decimal number in [lowest, highest], blanks around it allowed.
std::optional<std::int64_t> parse_integer(std::string const& text, std::int64_t lowest, std::int64_t highest);

/// The variable as such a number. One that is set to anything else is ignored, and a warning says so.
std::optional<std::int64_t> number(char const* name, std::int64_t lowest, std::int64_t highest);

/// The warning `NAME=value is ignored (why). remedy.` on stderr: once for a name, from the first of the launched
/// processes.
void warn_ignored(std::string const& name, std::string const& why, std::string const& remedy);

}  // namespace mambasynth::environment
