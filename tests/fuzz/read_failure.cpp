#include "analysis/collate/sweep_folder.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"

namespace mambasynth::tests::fuzz {

/// What a trial without a result left.
void read_failure(std::string_view bytes) {
  static InputFolder const folder;
  folder.put("failure.json", bytes);
  attempt([&] { static_cast<void>(analysis::collate::read_folder(folder.path())); });
}

}  // namespace mambasynth::tests::fuzz
