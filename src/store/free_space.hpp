#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace mambasynth::store {

/// Refuses to write more than a folder's file system has room for, before the first byte is written. Does nothing if
/// the system does not report its free space. Errors: errors::machine with what `what` takes and what is free.
void require_space(std::filesystem::path const& folder, std::uint64_t bytes, std::string const& what);

}  // namespace mambasynth::store
