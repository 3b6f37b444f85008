#pragma once

#include <string>

namespace mambasynth::sweep {

/// The command that started this process on `ranks` ranks, for a shell: mpirun's, if it runs on this machine.
std::string launch_command(int ranks);

/// One word for a shell, in quotes if it needs them.
std::string quoted_for_shell(std::string const& word);

}  // namespace mambasynth::sweep
