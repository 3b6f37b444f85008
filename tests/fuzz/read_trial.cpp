#include "analysis/trial_file/shared_rows.hpp"
#include "analysis/trial_file/trial_history.hpp"
#include "analysis/trial_file/trial_summary.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::tests::fuzz {
namespace {

std::string good_trial() {
  TemporaryFolder const folder;
  write_seeds(folder.path());
  return store::read_text(folder.path() / "trial" / "trial");
}

}  // namespace

/// The result of a trial, as the sweep reads it, and as the collator does, which reads a known layout faster.
void read_trial(std::string_view bytes) {
  using namespace analysis::trial_file;
  static InputFolder const folder;
  auto const file = folder.put("trial.h5", bytes);
  attempt([&] { static_cast<void>(analysis::trial_file::read_trial(file)); });
  attempt([&] {
    TrialReader reader;
    for (int time = 0; time < 2; ++time) static_cast<void>(reader.read(file));
  });
  attempt([&] {  // a file whose layout a good one seems to have
    static auto const good = good_trial();
    if (bytes.size() != good.size()) return;
    static auto const good_file = folder.put("good.h5", good);
    TrialReader reader;
    static_cast<void>(reader.read(good_file));
    static_cast<void>(reader.read(file));
  });
  attempt([&] { static_cast<void>(read_history(file, {"train_mse", "seconds"})); });
  attempt([&] {
    for (auto const& layer : read_shared_layers(file).layers)
      attempt([&] { static_cast<void>(read_shared_rows(file, layer)); });
  });
}

}  // namespace mambasynth::tests::fuzz
