#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace mambasynth::store {

/// Throws if `bytes` do not fit on the folder's file system, before anything is written. Does nothing if the system
/// does not report free space. Errors: errors::machine, stating how much `what` takes and how much is free.
void require_space(std::filesystem::path const& folder, std::uint64_t bytes, std::string const& what);

}  // namespace mambasynth::store
