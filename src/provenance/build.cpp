#include "provenance/build.hpp"

#include <fmt/format.h>
#include <hdf5.h>
#ifdef MAMBASYNTH_TORCH
#include <torch/version.h>
#else
#define TORCH_VERSION "not in this build"
#endif

#include "parallel/session.hpp"
#include "version/version.hpp"

namespace mambasynth::provenance {

Build const& build() {
  auto const& source = version::source();
  static Build const facts{.version = std::string(source.number),
                           .commit = std::string(source.commit),
                           .dirty = source.dirty,
                           .type = MAMBASYNTH_BUILD_TYPE,
                           .compiler = MAMBASYNTH_COMPILER,
                           .libtorch = TORCH_VERSION,
                           .mpi = parallel::library_version(),
                           .hdf5 = fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE),
                           .cuda = MAMBASYNTH_CUDA_VERSION,
                           .gpu_architectures = MAMBASYNTH_GPU_ARCHITECTURES};
  return facts;
}

std::string describe(Build const& b) {
  return fmt::format(
      "mambasynth {}\ncommit            {}{}\nbuild type        {}\ncompiler          {}\nLibTorch          {}\n"
      "CUDA              {}\nGPU architectures {}\nMPI               {}\nHDF5              {}",
      b.version, b.commit, b.dirty ? " (with uncommitted changes)" : "", b.type, b.compiler, b.libtorch,
      b.cuda.empty() ? "not in this build" : b.cuda, b.gpu_architectures.empty() ? "none" : b.gpu_architectures, b.mpi,
      b.hdf5);
}

}  // namespace mambasynth::provenance
