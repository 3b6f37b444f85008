#include "analysis/collate/ledger.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "sweep/lock.hpp"

namespace mambasynth::tests::fuzz {

/// Who runs a sweep, as another launcher reads it, and as the collator does.
void read_lock(std::string_view bytes) {
  static InputFolder const folder;
  auto const file = folder.put("lock", bytes);
  attempt([&] {
    if (auto const holder = sweep::read_lock(file)) static_cast<void>(holder->describe());
  });
  attempt([&] {
    std::vector<analysis::collate::CollatedTrial> trials(1);
    analysis::collate::apply_ledger(folder.path(), trials);
  });
}

}  // namespace mambasynth::tests::fuzz
