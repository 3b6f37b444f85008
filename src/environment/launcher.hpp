#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

namespace mambasynth::environment {

/// This process's number as its launcher counts, whether or not MPI has heard of it; 0 without a launcher, and where
/// its variables are left over.
int launched_rank();

/// Whether a process above this one, in the same PID namespace, starts ranks: mpirun, Slurm's step manager and their
/// like.
bool has_launcher();

/// The nearest process above this one whose name is among `names`; 0 without one.
pid_t process_above(std::span<std::string_view const> names);

/// MPI keeps its session in TMPDIR (else TEMP, TMP), and ends the program if it cannot write there.
/// Such a variable is replaced by /tmp, and a warning names it. Before MPI starts and before any thread does.
void fix_temporary_folder();

}  // namespace mambasynth::environment
