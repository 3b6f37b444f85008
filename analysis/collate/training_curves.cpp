#include "analysis/collate/training_curves.hpp"

#include <map>
#include <set>

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
  std::map<std::map<std::string, std::string>, ByEpoch> of_cell;
  for (auto const& trial : sweep.trials)
    if (trial.outcome == Outcome::done) add_losses(of_cell[trial.axes], trial);
  std::set<std::int64_t> epochs;
  for (auto const& [axes, losses] : of_cell)
    for (auto const& [epoch, values] : losses)
      if (values.values() > 0) epochs.insert(epoch);
  TrainingCurves curves{.epoch = {epochs.begin(), epochs.end()}, .of_cell = {}};
  for (auto const& cell : table.cells) {
    auto const& losses = of_cell[cell.axes];
    std::vector<Interval> intervals;
    for (auto const epoch : curves.epoch) {
      auto const at = losses.find(epoch);
      intervals.push_back(at == losses.end() ? interval_of({}) : at->second.interval());
    }
    curves.of_cell.push_back(std::move(intervals));
  }
  return curves;
}

}  // namespace mambasynth::analysis::collate
