#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace mambasynth::store {

/// Refuses what a folder's file system has no room for, before a byte of it is written. Nothing is said where the
/// system does not tell how much is free. Errors: errors::machine with what `what` takes and what is free.
void require_space(std::filesystem::path const& folder, std::uint64_t bytes, std::string const& what);

}  // namespace mambasynth::store
