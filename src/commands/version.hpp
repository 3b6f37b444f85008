#pragma once

#include <string>

namespace mambasynth::commands {

/// Version, commit, build type, LibTorch, CUDA and MPI versions, compiled GPU architectures: one per line.
std::string version_text();

}  // namespace mambasynth::commands
