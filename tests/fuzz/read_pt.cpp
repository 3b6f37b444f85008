#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "store/archive/pt.hpp"

namespace mambasynth::tests::fuzz {

/// A checkpoint as a whole: the archive and what is found in it.
void read_pt(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("checkpoint.pt", bytes);
  attempt([&] { static_cast<void>(store::pt::load(file)); });
}

}  // namespace mambasynth::tests::fuzz
