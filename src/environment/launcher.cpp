#include "environment/launcher.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>

#include "environment/environment.hpp"

namespace mambasynth::environment {
namespace {

/// As in /proc/PID/status, which truncates names to 15 characters.
constexpr std::array<std::string_view, 21> launchers{
    "mpirun",          "mpiexec",        "orterun",         "orted",         "prterun",       "prte",
    "prted",           "mpirun.openmpi", "mpiexec.openmpi", "mpiexec.hydra", "mpiexec.mpich", "hydra_pmi_proxy",
    "hydra_bstrap_pr", "pmi_proxy",      "slurmstepd",      "jsrun",         "jsmd",          "palsd",
    "aprun",           "flux-shell",     "flux-broker"};

struct Process {
  std::string name;
  pid_t parent = 0;
};

Process process_at(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  Process process;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Name:\t")) process.name = line.substr(6);
    if (line.starts_with("PPid:\t")) {
      process.parent = static_cast<pid_t>(std::atoi(line.c_str() + 6));
      break;
    }
  }
  return process;
}

/// Tests by creating a folder, because access() succeeds for root even if a file server or /proc refuses the write.
std::string why_not_writable(std::string const& folder) {
  auto name = folder + "/mambasynth-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return std::strerror(errno);
  ::rmdir(name.c_str());
  return "";
}

}  // namespace

pid_t process_above(std::span<std::string_view const> names) {
  for (pid_t pid = ::getppid(); pid > 1;) {
    auto const process = process_at(pid);
    if (std::find(names.begin(), names.end(), process.name) != names.end()) return pid;
    pid = process.parent;
  }
  return 0;
}

bool has_launcher() { return process_above(launchers) != 0; }

int launched_rank() {
  static bool const launched = has_launcher();
  if (!launched) return 0;
  for (auto const* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (auto const text = value(name))
      if (auto const rank = parse_integer(*text, 0, std::numeric_limits<int>::max())) return static_cast<int>(*rank);
  return 0;
}

void fix_temporary_folder() {
  for (auto const* name : {"TMPDIR", "TEMP", "TMP"}) {
    auto const folder = value(name);
    if (!folder) continue;
    auto const why = why_not_writable(*folder);
    if (why.empty()) return;
    if (!why_not_writable("/tmp").empty()) return;  // MPI will report it
    warn_ignored(name, "MPI cannot write its temporary files there: " + why,
                 "Using /tmp; set it to a folder on this machine");
    ::setenv(name, "/tmp", 1);
    return;
  }
}

}  // namespace mambasynth::environment
