#pragma once

#include <string>

namespace mambasynth::doctor {

/// Creates and opens `file` as h5py does, with HDF5's own locking (controlled by HDF5_USE_FILE_LOCKING). Returns why it
/// failed, or "".
std::string why_hdf5_cannot_lock(std::string const& file);

}  // namespace mambasynth::doctor
