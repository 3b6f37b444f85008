#include "sweep/status.hpp"

#include <algorithm>

#include "errors/errors.hpp"
#include "sweep/ledger.hpp"
#include "sweep/plan.hpp"
#include "sweep/progress.hpp"
#include "sweep/sweep_file.hpp"

namespace mambasynth::sweep {
namespace {

std::string name_in(std::filesystem::path const& sweep_toml) {
  try {
    return sweep_name(sweep_toml);
  } catch (std::exception const&) {
    return {};  // the name is optional; plan.csv is what matters
  }
}

}  // namespace

Status read_status(std::filesystem::path const& folder) {
  auto const table = read_plan(folder / "plan.csv");
  Status status;
  status.name = name_in(folder / "sweep.toml");
  status.columns = table.columns;
  status.trials = table.rows.size();

  std::map<std::string, double> costs;
  for (auto const& row : table.rows) costs[row.id] = row.cost;
  Progress progress(std::move(costs));
  for (auto const& event : read_ledger(folder / "events.jsonl")) {
    progress.apply(event);
    if (event.kind != EventKind::opened) continue;
    status.ranks = event.ranks;
    status.slots = std::max(1, event.slots);
    status.command = event.command;
    status.directory = event.directory;
  }
  status.holder = read_lock(folder / "lock");
  if (status.holder && is_gone(*status.holder, this_process(), LockRules{})) status.holder.reset();
  if (!status.holder) progress.apply({.kind = EventKind::closed});  // it died without recording its end

  for (auto const& row : table.rows) {
    auto const view = progress.at(row.id);
    bool const known = view.phase == TrialView::Phase::ended && is_committed(view.state);
    // Killed between committing the result and recording it.
    if (!known && std::filesystem::exists(folder / "trials" / row.id / "trial.h5"))
      progress.committed(row.id, State::done);
    // Removed by hand: the trial will run again.
    else if (known && !std::filesystem::exists(folder / "trials" / row.id / "trial.h5"))
      progress.committed(row.id, State::missing);
  }
  for (auto const& row : table.rows) {
    auto const& view = progress.at(row.id);
    if (view.phase == TrialView::Phase::running)
      status.running.push_back({row.id, row.axis_values, row.seed, view.rank, view.host, view.epoch, view.epochs,
                                view.train_mse, view.val_mse, view.measuring ? std::nullopt : view.seconds_left(),
                                view.measuring});
    else if (view.phase == TrialView::Phase::ended && view.state != State::done && view.state != State::preempted &&
             view.state != State::missing)
      status.troubled.push_back({row.id, row.axis_values, row.seed, view.state, view.reason});
  }
  for (auto const state : all_states) status.counts[state] = progress.count(state);
  double finished_seconds = 0;
  std::size_t finished = 0;
  for (auto const& [id, view] : progress.trials()) {
    status.rank_hours += view.seconds / 3600;
    if (view.phase != TrialView::Phase::ended || !is_committed(view.state) || view.seconds <= 0) continue;
    finished_seconds += view.seconds;
    ++finished;
  }
  if (finished > 0)
    status.trials_per_hour = 3600 * static_cast<double>(finished) * std::max(status.ranks, 1) / finished_seconds;
  if (status.holder) status.seconds_left = progress.seconds_left(status.ranks);
  return status;
}

}  // namespace mambasynth::sweep
