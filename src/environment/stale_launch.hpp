#pragma once

#include <string>

namespace mambasynth::environment {

/// Whether connections to a PMIx server's address are refused. `uri` is as in PMIX_SERVER_URI2:
/// "NAMESPACE.RANK;tcp4://127.0.0.1:40217". False if unknown.
bool connection_refused(std::string const& uri);

/// A shell started by mpirun or srun keeps their variables after they have ended, and MPI then aborts. Removes such
/// variables with a warning, so that this process runs as one rank. Call it before MPI and any thread start.
void clear_stale_launch();

}  // namespace mambasynth::environment
