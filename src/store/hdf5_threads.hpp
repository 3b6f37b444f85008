#pragma once

namespace mambasynth::store {

/// Whether threads may use the HDF5 library of this process at the same time, each with files of its own. Debian's may;
/// a site's own build may be without.
bool hdf5_takes_threads();

}  // namespace mambasynth::store
