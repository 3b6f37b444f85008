#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

/// Runs programs from a test, with or without MPI's launcher.
namespace mambasynth::tests {

struct Finished {
  int code = 0;        ///< 128 + signal when the program was killed
  std::string output;  ///< stdout and stderr
};

/// Runs a shell command.
inline Finished run_command(std::string const& command) {
  Finished finished;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return {127, "cannot start " + command};
  std::array<char, 4096> buffer{};
  while (auto const count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    finished.output.append(buffer.data(), count);
  int const status = ::pclose(pipe);
  finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

/// `mpirun -n ranks command`, which may run as root and with more ranks than cores. `ranks` = 0: without a launcher.
inline std::string under_mpi(std::string const& mpiexec, int ranks, std::string const& command,
                             std::string const& options = {}) {
  if (ranks == 0) return command;
  return "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 " + mpiexec +
         " " + options + " -n " + std::to_string(ranks) + " " + command;
}

}  // namespace mambasynth::tests
