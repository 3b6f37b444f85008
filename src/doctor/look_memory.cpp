#include "doctor/look_memory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mambasynth::doctor {
namespace {

namespace fs = std::filesystem;

/// MB in a file that holds one number of bytes; nothing for "max" and for version 1's "no limit", which is near 2^63.
std::optional<double> limit_in(fs::path const& file) {
  std::ifstream stream(file);
  double bytes = 0;
  if (!(stream >> bytes) || bytes > 1e18) return std::nullopt;
  return bytes / 1e6;
}

/// Every group up to the root limits what is in it.
std::optional<double> tightest(fs::path const& root, std::string const& group, char const* file) {
  std::optional<double> least;
  auto const keep = [&](std::optional<double> limit) {
    if (limit && (!least || *limit < *least)) least = limit;
  };
  for (fs::path at = root / fs::path(group).relative_path();; at = at.parent_path()) {
    keep(limit_in(at / file));
    if (at == root || !at.has_relative_path() || at == at.parent_path()) break;
  }
  keep(limit_in(root / file));  // inside a container the path may be the host's
  return least;
}

std::optional<double> cgroup_limit() {
  std::ifstream file("/proc/self/cgroup");
  std::optional<double> least;
  for (std::string line; std::getline(file, line);) {
    auto const first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    auto const controllers = line.substr(first + 1, second - first - 1);
    auto const group = line.substr(second + 1);
    std::optional<double> limit;
    if (controllers.empty()) limit = tightest("/sys/fs/cgroup", group, "memory.max");
    else if (("," + controllers + ",").find(",memory,") != std::string::npos)
      limit = tightest("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
    if (limit && (!least || *limit < *least)) least = limit;
  }
  return least;
}

}  // namespace

Memory memory_here() {
  Memory memory;
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double kib = 0;
    words >> name >> kib;
    if (name == "MemTotal:") memory.node_mb = kib * 1024 / 1e6;
    if (name == "MemAvailable:") memory.available_mb = kib * 1024 / 1e6;
  }
  memory.cgroup_mb = cgroup_limit();
  if (memory.cgroup_mb && *memory.cgroup_mb >= memory.node_mb) memory.cgroup_mb.reset();
  return memory;
}

}  // namespace mambasynth::doctor
