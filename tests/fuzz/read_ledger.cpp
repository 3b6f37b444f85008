#include "analysis/collate/ledger.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "sweep/ledger.hpp"
#include "sweep/status.hpp"

namespace mambasynth::tests::fuzz {

/// The ledger of a sweep, as the sweep and `status` read it, and as the collator does.
void read_ledger(std::string_view bytes) {
  static InputFolder const folder;
  static auto const plan = folder.put("plan.csv", "id,seed,cost\naaaaaaaaaaaa,1,1\n");
  auto const file = folder.put("events.jsonl", bytes);
  attempt([&] {
    auto const status = sweep::read_status(folder.path());
    static_cast<void>(sweep::to_text(status) + sweep::to_json(status));
  });
  attempt([&] {
    for (auto const& event : sweep::read_ledger(file)) static_cast<void>(sweep::to_line(event));
  });
  attempt([&] {
    std::vector<analysis::collate::CollatedTrial> trials(1);
    trials.front().id = "aaaaaaaaaaaa";
    analysis::collate::apply_ledger(folder.path(), trials);
  });
}

}  // namespace mambasynth::tests::fuzz
