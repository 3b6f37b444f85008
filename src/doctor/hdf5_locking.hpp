#pragma once

#include <string>

namespace mambasynth::doctor {

/// Makes and opens `file` as h5py does, with HDF5's own locking (which HDF5_USE_FILE_LOCKING rules); why it failed, or
/// "".
std::string why_hdf5_cannot_lock(std::string const& file);

}  // namespace mambasynth::doctor
