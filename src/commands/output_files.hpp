#pragma once

#include <filesystem>
#include <functional>

#include "commands/flags.hpp"

namespace mambasynth::commands {

/// Results may replace earlier results of the same name, but not files of the user or of other programs.
/// Errors: errors::usage if `file` exists and is not an HDF5 result of this program.
void require_replaceable(std::filesystem::path const& file);

/// The same for data.npz and config.json, which form a generated series only together.
void require_replaceable_npz(std::filesystem::path const& folder);

/// Runs `check` on --out; it throws errors::usage if something would be overwritten. If --out was not given, tries
/// NAME-2 and so on instead of the default and logs the choice. Then verifies that files can be written there. Verbs
/// call it before they read anything large.
void choose_output_folder(RunFlags& flags, std::function<void(std::filesystem::path const& folder)> const& check);

/// As require_replaceable, for log.csv and checkpoint.pt of a trial; they count as a trial's if the log is one.
void require_replaceable_trial(std::filesystem::path const& folder);

}  // namespace mambasynth::commands
