#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// look_up() for all trials, trial i in folders[i], and their configurations. Thousands of trials are read by one
/// process for each core, because the HDF5 library does one thing at a time in each process. Call it before starting
/// threads.
void look_up_all(std::vector<CollatedTrial>& trials, std::vector<std::filesystem::path> const& folders,
                 std::vector<std::string>& warnings);

}  // namespace mambasynth::analysis::collate
