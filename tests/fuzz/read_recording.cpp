#include "arrays/archive.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "series/load.hpp"

namespace mambasynth::tests::fuzz {

/// A series or a recording in HDF5.
void read_recording(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("recording.h5", bytes);
  attempt([&] {
    auto const archive = arrays::open_hdf5(file);
    for (auto const& member : archive.list()) {
      attempt([&] { static_cast<void>(archive.need(member.name)); });
      attempt([&] { static_cast<void>(archive.values(member.name)); });
      attempt([&] { static_cast<void>(archive.integers(member.name)); });
    }
  });
  attempt([&] { static_cast<void>(series::load(file)); });
}

}  // namespace mambasynth::tests::fuzz
