#include "environment/stale_launch.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "environment/environment.hpp"
#include "environment/launcher.hpp"

namespace mambasynth::environment {
namespace {

constexpr int patience_ms = 1000;

/// Only variables that users do not set themselves; Open MPI's parameters may also contain a user's settings.
bool is_launch_variable(std::string_view name) {
  constexpr std::array<std::string_view, 22> starts{"PMIX_",
                                                    "PMI_",
                                                    "OMPI_COMM_WORLD_",
                                                    "OMPI_MCA_orte_",
                                                    "OMPI_MCA_ess",
                                                    "OMPI_MCA_pmix=",
                                                    "OMPI_MCA_initial_wdir=",
                                                    "OMPI_UNIVERSE_SIZE=",
                                                    "OMPI_APP_CTX_NUM_PROCS=",
                                                    "OMPI_FIRST_RANKS=",
                                                    "OMPI_NUM_APP_CTX=",
                                                    "OMPI_ARGV=",
                                                    "OMPI_COMMAND=",
                                                    "OMPI_FILE_LOCATION=",
                                                    "SLURM_STEP",
                                                    "SLURM_PROCID=",
                                                    "SLURM_LOCALID=",
                                                    "SLURM_NODEID=",
                                                    "SLURM_TASK_PID=",
                                                    "SLURM_GTIDS=",
                                                    "ALPS_APP_ID=",
                                                    "FLUX_JOB_ID="};
  return std::any_of(starts.begin(), starts.end(), [&](auto start) { return name.starts_with(start); }) &&
         !name.starts_with("PMIX_MCA_") && !name.starts_with("OMPI_MCA_orte_tmpdir_base=");
}

/// The first variable that only launchers set; "" if none is set.
std::string first_of_launch() {
  for (auto const* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE", "PMIX_RANK", "PMI_SIZE", "PMI_RANK",
                           "SLURM_STEP_ID", "ALPS_APP_ID", "FLUX_JOB_ID"})
    if (value(name)) return name;
  return "";
}

/// Slurm's variables make Open MPI look for the step's tasks and abort if it cannot connect to them. That happens in a
/// shell of `salloc` or `srun --pty`, which is a single task, and if only the node list of a job is left.
void clear_stale_slurm() {
  if (value("SLURM_NODELIST") && !value("SLURM_JOBID")) {
    warn_ignored("SLURM_NODELIST", "without SLURM_JOBID it belongs to no job", "Unset it, or open a new shell");
    ::unsetenv("SLURM_NODELIST");
  }
  bool const can_meet = value("PMIX_RANK") || value("PMI_RANK") || value("PMI_FD");
  if (value("SLURM_STEP_ID") && !can_meet && parse_integer(value("SLURM_STEP_NUM_TASKS").value_or("1"), 1, 1))
    ::unsetenv("SLURM_STEP_ID");
}

/// Whether a launcher that is not visible from here (such as one on a container's host) is still alive.
bool launcher_responds() {
  if (auto const descriptor = value("PMI_FD"))
    if (auto const number = parse_integer(*descriptor, 0, 1 << 20);
        number && ::fcntl(static_cast<int>(*number), F_GETFD) != -1)
      return true;
  if (value("PMI_PORT")) return true;
  for (auto const* name : {"PMIX_SERVER_URI41", "PMIX_SERVER_URI4", "PMIX_SERVER_URI3", "PMIX_SERVER_URI21",
                           "PMIX_SERVER_URI2", "PMIX_SERVER_URI"})
    if (auto const uri = value(name)) return !connection_refused(*uri);
  return false;
}

}  // namespace

bool connection_refused(std::string const& uri) {
  auto const slashes = uri.find("://"), colon = uri.rfind(':');
  if (slashes == std::string::npos || colon <= slashes || !parse_integer(uri.substr(colon + 1), 1, 65535)) return false;
  auto host = uri.substr(slashes + 3, colon - slashes - 3);
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), uri.substr(colon + 1).c_str(), &hints, &found) != 0) return false;
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> const address(found, ::freeaddrinfo);
  int const descriptor = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  int failure = ::connect(descriptor, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
  if (failure == EINPROGRESS) {
    pollfd ready{descriptor, POLLOUT, 0};
    socklen_t size = sizeof failure;
    if (::poll(&ready, 1, patience_ms) == 1) ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
  }
  ::close(descriptor);
  return failure == ECONNREFUSED;
}

void clear_stale_launch() {
  auto const named = first_of_launch();
  if (named.empty() || has_launcher() || launcher_responds()) {
    clear_stale_slurm();
    return;
  }
  warn_ignored(named, "the launch that set it has ended", "Continuing as one rank; unset it, or open a new shell");
  std::vector<std::string> names;
  for (char** variable = ::environ; *variable != nullptr; ++variable)
    if (std::string_view const text(*variable); is_launch_variable(text))
      names.emplace_back(text.substr(0, text.find('=')));
  for (auto const& name : names) ::unsetenv(name.c_str());
  clear_stale_slurm();
}

}  // namespace mambasynth::environment
