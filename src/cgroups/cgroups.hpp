#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The control groups of this process, versions 1 and 2 (Linux cgroups(7)). A process is limited by its group and all
/// of its ancestors.
namespace mambasynth::cgroups {

struct Hierarchy {
  int version = 2;
  std::vector<std::filesystem::path> groups;  ///< folders, from the mount point down to this process's own group
};

/// The mounted hierarchies that can limit `controller` ("cpu", "memory"). `root`: the folder that contains proc/self
/// and the mount points.
std::vector<Hierarchy> hierarchies(std::string const& controller, std::filesystem::path const& root = "/");

/// The process's memory limit in bytes: the minimum of memory.max (version 2) and memory.limit_in_bytes (version 1)
/// over its groups. Nothing if there is no limit.
std::optional<double> memory_limit(std::filesystem::path const& root = "/");

}  // namespace mambasynth::cgroups
