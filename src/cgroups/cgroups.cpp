#include "cgroups/cgroups.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

namespace mambasynth::cgroups {
namespace {

namespace fs = std::filesystem;

/// A mounted hierarchy.
struct Mount {
  int version = 2;
  fs::path top;  ///< the group that is visible at `point`
  fs::path point;
};

bool lists(std::string const& words, std::string const& word) {
  return ("," + words + ",").find("," + word + ",") != std::string::npos;
}

/// proc/self/mountinfo: "36 35 0:30 ROOT POINT options ... - TYPE source superoptions".
std::vector<Mount> mounts(fs::path const& root, std::string const& controller) {
  // The usual places, in case mountinfo cannot be read or does not list them.
  std::vector<Mount> found{
      {2, "/", "/sys/fs/cgroup"}, {1, "/", "/sys/fs/cgroup/" + controller}, {1, "/", "/sys/fs/cgroup/cpu,cpuacct"}};
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    auto const dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash)), after(line.substr(dash + 3));
    std::string skipped, top, point, type, source, options;
    before >> skipped >> skipped >> skipped >> top >> point;
    after >> type >> source >> options;
    if (type == "cgroup2" || (type == "cgroup" && lists(options, controller)))
      found.push_back({type == "cgroup2" ? 2 : 1, top, point});
  }
  return found;
}

/// This process's group by proc/self/cgroup: "0::/path" of version 2, "4:cpu,cpuacct:/path" of version 1.
std::optional<fs::path> own_group(fs::path const& root, int version, std::string const& controller) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    auto const first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    auto const controllers = line.substr(first + 1, second - first - 1);
    if (version == 2 ? controllers.empty() : lists(controllers, controller)) return line.substr(second + 1);
  }
  return std::nullopt;
}

/// The path of `group` relative to the mount point. Inside a container `group` may be the host's path, below which the
/// mount starts.
fs::path seen_at(Mount const& mount, fs::path const& group) {
  auto const below = group.lexically_relative(mount.top);
  if (below.empty() || *below.begin() == "..") return mount.top == "/" ? group.relative_path() : fs::path();
  return below == "." ? fs::path() : below;
}

}  // namespace

std::vector<Hierarchy> hierarchies(std::string const& controller, fs::path const& root) {
  std::vector<Hierarchy> found;
  for (auto const& mount : mounts(root, controller)) {
    auto const group = own_group(root, mount.version, controller);
    if (!group) continue;
    auto at = root / mount.point.relative_path();
    Hierarchy hierarchy{mount.version, {at}};
    for (auto const& part : seen_at(mount, *group)) hierarchy.groups.push_back(at /= part);
    found.push_back(std::move(hierarchy));
  }
  return found;
}

std::optional<double> memory_limit(fs::path const& root) {
  constexpr double no_limit = 1e18;  // version 1 represents it by a number near 2^63
  std::optional<double> least;
  for (auto const& hierarchy : hierarchies("memory", root))
    for (auto const& group : hierarchy.groups) {
      std::ifstream file(group / (hierarchy.version == 2 ? "memory.max" : "memory.limit_in_bytes"));
      double bytes = 0;
      if (file >> bytes && bytes <= no_limit) least = least ? std::min(*least, bytes) : bytes;
    }
  return least;
}

}  // namespace mambasynth::cgroups
