#pragma once

namespace mambasynth::store {

/// Whether the HDF5 library of this process is thread-safe, so that threads can use different files
/// concurrently. Debian's is; a site's own build may not be.
bool hdf5_takes_threads();

}  // namespace mambasynth::store
