#include "doctor/memory.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "cgroups/cgroups.hpp"

namespace mambasynth::doctor {

Memory read_memory() {
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
  if (auto const bytes = cgroups::memory_limit()) memory.cgroup_mb = *bytes / 1e6;
  if (memory.cgroup_mb && *memory.cgroup_mb >= memory.node_mb) memory.cgroup_mb.reset();
  return memory;
}

}  // namespace mambasynth::doctor
