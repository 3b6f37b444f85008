#include "arrays/recorded_table.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "series/load.hpp"

namespace mambasynth::tests::fuzz {

/// A recording as text, with and without a column of labels by name.
void read_csv(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("recording.csv", bytes);
  attempt([&] { static_cast<void>(arrays::read_recorded_table(file, "phase")); });
  attempt([&] { static_cast<void>(series::load(file)); });
}

}  // namespace mambasynth::tests::fuzz
