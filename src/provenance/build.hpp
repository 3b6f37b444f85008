#pragma once

#include <string>

/// How this program was built.
namespace mambasynth::provenance {

struct Build {
  std::string version, commit;
  bool dirty = false;  ///< the checkout had uncommitted changes
  std::string type;    ///< CMake's build type
  std::string compiler, libtorch, mpi, hdf5;
  std::string cuda;               ///< empty without CUDA
  std::string gpu_architectures;  ///< empty without CUDA
};
Build const& build();

/// The text of --version, one fact per line.
std::string describe(Build const& build);

}  // namespace mambasynth::provenance
