#include "analysis/collate/training_curves.hpp"

#include <map>
#include <set>
#include <vector>

#include "analysis/collate/by_seed.hpp"
#include "analysis/trial_file/trial_history.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::collate {
namespace {

using ByEpoch = std::map<std::int64_t, BySeed>;

void add_losses(ByEpoch& losses, CollatedTrial const& trial) {
  try {
    auto const history = trial_file::read_history(trial.file, {"val_mse"});
    auto const& loss = history["val_mse"];
    for (std::size_t i = 0; i < loss.size(); ++i) losses[history.epoch[i]].add(seed_of(trial), loss[i]);
  } catch (errors::Error const&) {
    // The table does not depend on it.
  }
}

}  // namespace

TrainingCurves validation_loss(Table const& table, SweepFolder const& sweep) {
  std::map<std::map<std::string, std::string>, std::vector<CollatedTrial const*>> trials_of;
  for (auto const& trial : sweep.trials)
    if (trial.outcome == Outcome::done) trials_of[trial.axes].push_back(&trial);
  std::set<std::int64_t> epochs;
  std::vector<std::map<std::int64_t, Interval>> intervals;
  for (auto const& cell : table.cells) {
    // Of one cell at a time: those of 10,000 trials together would take most of a gigabyte.
    ByEpoch losses;
    for (auto const* trial : trials_of[cell.axes]) add_losses(losses, *trial);
    auto& of_cell = intervals.emplace_back();
    for (auto const& [epoch, values] : losses) {
      if (values.values() == 0) continue;
      epochs.insert(epoch);
      of_cell.emplace(epoch, values.interval());
    }
  }
  TrainingCurves curves{.epoch = {epochs.begin(), epochs.end()}, .of_cell = {}};
  for (auto const& of_cell : intervals) {
    auto& curve = curves.of_cell.emplace_back();
    for (auto const epoch : curves.epoch) {
      auto const at = of_cell.find(epoch);
      curve.push_back(at == of_cell.end() ? interval_of({}) : at->second);
    }
  }
  return curves;
}

}  // namespace mambasynth::analysis::collate
