#pragma once

#include <filesystem>
#include <functional>

#include "commands/flags.hpp"

namespace mambasynth::commands {

/// A result replaces an earlier one of the same name, but no file of the user's or of another program.
/// Errors: errors::usage where `file` is there and is no HDF5 result of this program.
void require_replaceable(std::filesystem::path const& file);

/// The same for data.npz and config.json, which only together are a generated series.
void require_replaceable_npz(std::filesystem::path const& folder);

/// Looks whether --out can be written to by `check`, which throws errors::usage where it would overwrite something.
/// Where no
/// --out was given, the default moves on to NAME-2 and so on until it can, and says so.
void settle_out(RunFlags& flags, std::function<void(std::filesystem::path const& folder)> const& check);

/// The same for log.csv and checkpoint.pt of a trial. A trial's own begin with its log.
void require_replaceable_trial(std::filesystem::path const& folder);

}  // namespace mambasynth::commands
