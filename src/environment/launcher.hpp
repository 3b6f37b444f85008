#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

namespace mambasynth::environment {

/// This process's rank according to its launcher, even if MPI has not connected; 0 without a launcher, even if its
/// variables are still set.
int launched_rank();

/// Whether an ancestor process in the same PID namespace starts ranks: mpirun, Slurm's step manager and the like.
bool has_launcher();

/// The nearest ancestor process whose name is in `names`; 0 if there is none.
pid_t process_above(std::span<std::string_view const> names);

/// MPI keeps its session files in TMPDIR (else TEMP, TMP) and aborts if it cannot write there. Sets such a variable to
/// /tmp with a warning. Call it before MPI and any thread start.
void fix_temporary_folder();

}  // namespace mambasynth::environment
