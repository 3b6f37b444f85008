#include "analysis/collate/sweep_folder.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "sweep/plan.hpp"
#include "sweep/status.hpp"

namespace mambasynth::tests::fuzz {

/// The plan of a sweep, as the sweep reads it, and as the collator does.
void read_plan(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("plan.csv", bytes);
  attempt([&] {
    auto const status = sweep::read_status(folder.path());
    static_cast<void>(sweep::to_text(status) + sweep::to_json(status));
  });
  attempt([&] { static_cast<void>(sweep::read_plan(file)); });
  attempt([&] { static_cast<void>(analysis::collate::read_folder(folder.path())); });
}

}  // namespace mambasynth::tests::fuzz
