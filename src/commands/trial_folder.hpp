#pragma once

#include <filesystem>
#include <string>

namespace mambasynth::commands {

/// Reports a diverged training, of which `result` is the record.
[[noreturn]] void throw_diverged(std::filesystem::path const& result, std::string const& why);

/// If the default folder contains something else, the trial gets its own folder, the same each time.
bool needs_own_folder(std::filesystem::path const& shared, std::filesystem::path const& own, std::string const& id);

/// Whether the folder already contains this trial's result. Another trial's result is never overwritten; a damaged one
/// is moved aside, so that the trial can run again.
bool already_done(std::filesystem::path const& result, std::string const& id);

}  // namespace mambasynth::commands
