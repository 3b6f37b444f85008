#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// Whether anything has this name, including a dangling link.
bool is_there(std::filesystem::path const& path);

/// Fills outcome, reason, result, and file from a trial's own folder, which a launcher may be writing: files appear and
/// vanish, but each is whole. The configuration stays in the result, as text.
void look_up(CollatedTrial& trial, std::filesystem::path const& folder, trial_file::TrialReader& reader,
             std::vector<std::string>& warnings);

}  // namespace mambasynth::analysis::collate
