#pragma once

#include <functional>
#include <optional>
#include <string>

#include "doctor/facts.hpp"

namespace mambasynth::doctor {

/// The variables that the checks know, out of this process's. Call it before MPI starts: it sets some itself.
Environment launch_environment();

/// Whether srun started several tasks without the means to find each other (no variable of PMIx or PMI). Open MPI then
/// ends inside MPI_Init, others make every task a job of its own.
bool tasks_cannot_meet(Environment const& environment);

/// Looks at this process's machine: fills everything of `facts` but its ranks, environment and MPI. `doing` hears what
/// is looked at next; any of it may hang where a driver or a file system is stuck.
void look(RankFacts& facts, std::function<void(std::string const&)> const& doing);

/// What `srun --mpi=list` says, within a Slurm allocation and where srun is found.
std::optional<std::string> ask_srun(Environment const& environment);

/// The type of the file system that holds `path`, by the kernel's list of mounts.
std::string file_system_type(std::string const& path);
/// Space for this user; zeros where the path is not there.
Space space_at(std::string const& path);

}  // namespace mambasynth::doctor
