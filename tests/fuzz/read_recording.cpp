#include "arrays/archive.hpp"
#include "fuzz/archive.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"

namespace mambasynth::tests::fuzz {

/// A series or a recording in HDF5.
void read_recording(std::string_view bytes) {
  static InputFolder const folder;
  read_archive(folder.put("recording.h5", bytes), arrays::open_hdf5);
}

}  // namespace mambasynth::tests::fuzz
