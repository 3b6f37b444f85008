#pragma once

#include <filesystem>

namespace mambasynth::commands {

/// A result replaces an earlier one of the same name, but no file of the user's or of another program.
/// Errors: errors::usage where `file` is there and is no HDF5 result of this program.
void require_replaceable(std::filesystem::path const& file);

/// The same for data.npz and config.json, which only together are a generated series.
void require_replaceable_npz(std::filesystem::path const& folder);

/// The same for log.csv and checkpoint.pt of a trial. A trial's own begin with its log.
void require_replaceable_trial(std::filesystem::path const& folder);

}  // namespace mambasynth::commands
