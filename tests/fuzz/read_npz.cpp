#include "arrays/archive.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "series/load.hpp"
#include "store/archive/npz.hpp"

namespace mambasynth::tests::fuzz {

void read_npz(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("data.npz", bytes);
  attempt([&] { static_cast<void>(store::read_npz(file)); });
  attempt([&] {
    auto const archive = arrays::open_npz(file);
    for (auto const& member : archive.list()) {
      attempt([&] { static_cast<void>(archive.need(member.name)); });
      attempt([&] { static_cast<void>(archive.values(member.name)); });
      attempt([&] { static_cast<void>(archive.integers(member.name)); });
    }
  });
  attempt([&] { static_cast<void>(series::load(file)); });
}

}  // namespace mambasynth::tests::fuzz
