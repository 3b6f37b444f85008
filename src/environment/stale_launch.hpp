#pragma once

#include <string>

namespace mambasynth::environment {

/// Whether nobody answers at a PMIx server's address, as in PMIX_SERVER_URI2: "NAMESPACE.RANK;tcp4://127.0.0.1:40217".
/// False where that cannot be told.
bool connection_refused(std::string const& uri);

/// A shell started by mpirun or srun keeps what they told it after they have ended, and MPI then ends the program. Such
/// variables are removed with a warning, and one rank goes on. Before MPI starts and before any thread does.
void clear_stale_launch();

}  // namespace mambasynth::environment
