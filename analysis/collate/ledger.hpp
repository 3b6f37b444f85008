#pragma once

#include <filesystem>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// What the ledger of a sweep (events.jsonl) says about trials of `folder` that left neither trial.h5 nor failure.json:
/// which are running, if the launcher that holds DIR/lock is alive as far as can be seen from here, and which ended
/// with their rank, without writing anything. As `mambasynth status` counts them.
void apply_ledger(std::filesystem::path const& folder, std::vector<CollatedTrial>& trials);

}  // namespace mambasynth::analysis::collate
