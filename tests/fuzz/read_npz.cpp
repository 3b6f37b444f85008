#include "arrays/archive.hpp"
#include "fuzz/archive.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "store/archive/npz.hpp"

namespace mambasynth::tests::fuzz {

void read_npz(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("data.npz", bytes);
  attempt([&] { static_cast<void>(store::read_npz(file)); });
  read_archive(file, arrays::open_npz);
}

}  // namespace mambasynth::tests::fuzz
