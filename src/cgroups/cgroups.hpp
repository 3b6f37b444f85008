#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The control groups that this process is in, of versions 1 and 2 (Linux cgroups(7)). Every group up to the top limits
/// what is in it.
namespace mambasynth::cgroups {

struct Hierarchy {
  int version = 2;
  std::vector<std::filesystem::path> groups;  ///< folders, from the mount point down to this process's own group
};

/// The mounted hierarchies that can limit `controller` ("cpu", "memory"). `root`: where proc/self and the mount points
/// are looked for.
std::vector<Hierarchy> hierarchies(std::string const& controller, std::filesystem::path const& root = "/");

/// Bytes of memory that the process's groups grant: the least of memory.max (version 2) and memory.limit_in_bytes
/// (version 1). Nothing without a limit.
std::optional<double> memory_limit(std::filesystem::path const& root = "/");

}  // namespace mambasynth::cgroups
