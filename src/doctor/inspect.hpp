#pragma once

#include <functional>
#include <optional>
#include <string>

#include "doctor/facts.hpp"

namespace mambasynth::doctor {

/// This process's environment variables that the checks use. Call it before MPI starts, which sets some itself.
Environment launch_environment();

/// Whether srun started several tasks that cannot find each other (no PMIx or PMI variable is set). Open MPI then exits
/// inside MPI_Init; other libraries make every task a separate job.
bool tasks_cannot_meet(Environment const& environment);

/// Inspects this process's host: fills in everything in `facts` except ranks, environment and MPI. Calls `doing` with
/// the name of each step before it starts; any step may hang if a driver or file system is stuck.
void inspect_host(RankFacts& facts, std::function<void(std::string const&)> const& doing);

/// The output of `srun --mpi=list`, if inside a Slurm allocation and srun exists.
std::optional<std::string> ask_srun(Environment const& environment);

/// The type of the file system that holds `path`, from the kernel's list of mounts.
std::string file_system_type(std::string const& path);
/// Space available to this user; zeros if the path does not exist.
Space space_at(std::string const& path);

}  // namespace mambasynth::doctor
