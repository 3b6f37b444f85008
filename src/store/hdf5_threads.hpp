#pragma once

namespace mambasynth::store {

/// Whether the HDF5 library of this process is thread-safe, so that threads may use files of their own at the same
/// time. Debian's is; a site's own build may not be.
bool hdf5_takes_threads();

}  // namespace mambasynth::store
