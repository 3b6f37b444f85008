#include "sweep/run_sweep.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"
#include "progress/display.hpp"
#include "progress/duration.hpp"
#include "store/atomic_file.hpp"
#include "store/damaged_file.hpp"
#include "store/temporaries.hpp"
#include "streams/streams.hpp"
#include "sweep/forecast.hpp"
#include "sweep/launch_command.hpp"
#include "sweep/ledger.hpp"
#include "sweep/lock.hpp"
#include "sweep/manager.hpp"
#include "sweep/manager_watch.hpp"
#include "sweep/plan.hpp"
#include "sweep/progress.hpp"
#include "sweep/slots.hpp"
#include "sweep/terminal.hpp"
#include "sweep/walltime.hpp"

namespace mambasynth::sweep {
namespace {

constexpr char const *plan_stage = "plan", *finished_stage = "finished trials", *series_stage = "series",
                     *oracle_stage = "oracle";

void require_same_code(std::string const& code, std::string const& trial, SweepOptions const& options) {
  auto const short_of = [](std::string const& commit) { return commit.substr(0, 12); };
  if (options.allow_mixed_code || code.empty() || options.code.empty() || code == options.code) return;
  throw errors::usage(options.out.string() + " holds results of another version of the program",
                      "trial " + trial + " was run by version " + short_of(code) + ", this is " +
                          short_of(options.code) + ", and their results may differ",
                      "Choose another --out, use the older version, or mix them with --allow-mixed code");
}

/// Interrupted trials resume from a save; the ledger records which version of the program wrote it.
void require_saves_of_same_code(Plan const& plan, std::map<std::string, State> const& committed,
                                SweepOptions const& options) {
  std::map<std::string, std::string> code_of;
  std::string code;
  for (auto const& event : read_ledger(options.out / "events.jsonl")) {
    if (event.kind == EventKind::opened) code = event.code;
    if (event.kind == EventKind::started) code_of[event.trial] = code;
  }
  for (auto const& planned : plan.trials)
    if (!committed.contains(planned.id) && code_of.contains(planned.id) &&
        std::filesystem::exists(options.out / "trials" / planned.id / "resume.pt"))
      require_same_code(code_of.at(planned.id), planned.id, options);
}

std::map<std::string, State> committed_trials(Plan const& plan, SweepOptions const& options,
                                              ReadCommitted const& committed, Terminal& terminal) {
  auto const& folder = options.out;
  progress::Stage const stage(finished_stage);
  progress::Count count(std::ssize(plan.trials), "trial");
  std::map<std::string, State> states;
  for (auto const& planned : plan.trials) {
    count.add();
    auto const file = folder / "trials" / planned.id / "trial.h5";
    if (!std::filesystem::exists(file)) continue;
    auto const written = committed(file, planned.id);
    if (written && is_committed(written->state)) {
      require_same_code(written->code, planned.id, options);
      states[planned.id] = written->state;
    } else
      terminal.line(
          file.string() +
          " is not a complete result of this trial (it is damaged, or another trial's). The trial runs again.");
  }
  return states;
}

/// The series that the remaining trials read, one per distinct [data].
std::map<std::string, std::filesystem::path> prepared_data(Plan const& plan,
                                                           std::map<std::string, State> const& committed,
                                                           std::filesystem::path const& folder,
                                                           PrepareData const& prepare) {
  progress::Stage const stage(series_stage);
  std::map<std::string, std::filesystem::path> data;
  for (auto const& planned : plan.trials) {
    if (committed.contains(planned.id) || data.contains(planned.data_hash)) continue;
    auto const place = folder / "data" / planned.data_hash;
    if (planned.trial.data.path.empty()) {
      std::filesystem::create_directories(place);
      store::remove_all_temporaries(place);
    }
    data[planned.data_hash] = prepare(planned.trial.data, place);
  }
  return data;
}

/// The state that earlier launches recorded in this folder's ledger.
Progress past_progress(Plan const& plan, std::filesystem::path const& folder) {
  std::map<std::string, double> costs;
  for (auto const& planned : plan.trials) costs[planned.id] = planned.cost;
  Progress progress(std::move(costs));
  for (auto const& event : read_ledger(folder / "events.jsonl")) progress.apply(event);
  return progress;
}

/// Learned from trials that ran from start to end in one launch, whose reported time is complete.
CostModel learned_costs(Plan const& plan, std::filesystem::path const& folder) {
  CostModel model;
  auto const progress = past_progress(plan, folder);
  for (auto const& planned : plan.trials) {
    auto const& view = progress.at(planned.id);
    if (view.phase == TrialView::Phase::ended && view.state == State::done && view.tries == 1)
      (void)model.learn(planned.cost, view.seconds);
  }
  return model;
}

/// How long the plan will take, by what is known best.
Forecast forecast_of(Plan const& plan, SweepOptions const& options, Hooks const& hooks) {
  auto const progress = past_progress(plan, options.out);
  std::vector<bool> done;
  std::size_t finished = 0;
  for (auto const& planned : plan.trials) {
    auto const& view = progress.at(planned.id);
    bool const ended = view.phase == TrialView::Phase::ended && is_committed(view.state);
    done.push_back(ended);
    finished += ended && view.state == State::done && view.tries == 1 ? 1 : 0;
  }
  if (finished > 0) return forecast_from_trials(plan, done, learned_costs(plan, options.out), finished);
  if (!options.measure || !hooks.stopwatch.time_step) return {};
  streams::log("timing training steps on {}, for at most about {} (--no-measure omits this)\n", hooks.stopwatch.place,
               progress::duration_text(hooks.stopwatch.seconds));
  return forecast_from_steps(plan, done, hooks.stopwatch);
}

/// The same value that rank 0 reads. Rank 0 reports a file that cannot be read.
double read_rank_timeout(SweepOptions const& options) {
  try {
    return resolve(options.request()).keys.rank_timeout;
  } catch (errors::Error const&) {
    return SweepKeys{}.rank_timeout;
  }
}

MakeGroup groups_in(parallel::Communicator const& world) {
  return [world](Order const& order) {
    return parallel::Group(world, order.ranks, order.group, order.planned.trial.train.comm_timeout);
  };
}

/// Runs the manager in a thread next to this rank's own workers.
int manage_and_serve(Manager& manager, LocalLink& own, Slots const& slots, Hooks const& hooks,
                     MakeGroup const& make_group) {
  int code = 0;
  std::exception_ptr error;
  errors::GracefulStop const graceful_stop;
  std::thread thread([&] {
    try {
      code = manager.run();
    } catch (...) {
      error = std::current_exception();
    }
  });
  (void)serve_slots(own, slots, hooks, 0, {}, make_group);  // the manager always sends the order to quit
  thread.join();
  if (error) std::rethrow_exception(error);
  return code;
}

void require_ranks(Plan const& plan, int ranks) {
  for (auto const& planned : plan.trials)
    if (planned.ranks > ranks)
      throw errors::usage(
          "a trial of this sweep needs " + std::to_string(planned.ranks) + " ranks",
          "sweep.ranks_per_trial; this launch has only " + std::to_string(ranks),
          "Start at least as many, e.g. mpirun -n " + std::to_string(planned.ranks) + ", or lower ranks_per_trial");
}

int run_root(SweepOptions const& options, Hooks const& hooks, parallel::Session& session, bool& dispatching) {
  auto const& world = session.world();
  auto const sweep = resolve(options.request());
  // Until trials run and the manager shows their progress.
  std::optional<progress::Display> display(
      std::in_place, "sweep " + sweep.keys.name,
      std::vector<std::string>{plan_stage, finished_stage, series_stage, oracle_stage});
  std::optional<progress::Stage> stage(std::in_place, plan_stage);
  auto plan = make_plan(sweep, options.auto_precision, hooks.identify, hooks.check);
  keep_part(plan, options.part, options.parts);
  if (hooks.needs_own_process)
    for (auto& planned : plan.trials) planned.needs_own_process = hooks.needs_own_process(planned.trial);
  auto const ranks = options.dry_run && options.planned_ranks > 0 ? options.planned_ranks : world.size();
  require_ranks(plan, ranks);
  if (options.dry_run) {
    streams::print_text(describe(plan, forecast_of(plan, options, hooks), ranks));
    return 0;
  }
  store::require_writable_folder(options.out);
  require_own_folder(options.out);
  Terminal terminal;
  LockRules rules;
  rules.waiting = [&](Holder const& holder) {
    terminal.line(options.out.string() + " is locked by " + holder.describe() +
                  ", but the lock's counter has stopped changing; it counts as stale after " +
                  progress::duration_text(std::chrono::duration<double>(rules.stale_after).count()) + ".");
  };
  rules.warn = [&](std::string const& line) { terminal.line(line); };
  Lock const lock(options.out, options.take_over, rules);
  store::remove_all_temporaries(options.out);
  for (auto const* const own : {"sweep.toml", "plan.csv", "events.jsonl"})
    if (auto const warning = store::make_way(options.out / own); !warning.empty()) terminal.line(warning);
  auto const committed = committed_trials(plan, options, hooks.committed, terminal);
  require_saves_of_same_code(plan, committed, options);
  write_plan(plan, options.out);
  Ledger ledger(options.out / "events.jsonl");
  // Such trials cannot share a rank: if there are any, each rank runs one trial at a time.
  auto const slots = plan.needs_whole_ranks() ? 1 : options.slots;
  ledger.append({.kind = EventKind::opened,
                 .ranks = world.size(),
                 .slots = slots > 1 ? slots : 0,
                 .host = this_process().host,
                 .code = options.code,
                 .command = launch_command(world.size()),
                 .directory = std::filesystem::current_path().string()});
  ledger.sync();
  ManagerSettings settings;
  settings.folder = options.out;
  settings.data = prepared_data(plan, committed, options.out, hooks.prepare);
  stage.emplace(oracle_stage);
  if (hooks.prepare_trial) {
    progress::Count count(std::ssize(plan.trials), "trial");
    for (auto const& planned : plan.trials) {
      if (!committed.contains(planned.id)) hooks.prepare_trial(planned, settings.data.at(planned.data_hash));
      count.add();
    }
  }
  stage.reset();
  display.reset();
  settings.threads = options.threads;
  settings.slots = slots;
  settings.signal = errors::stop_signal;
  settings.lock_lost = [&lock] { return lock.lost(); };
  settings.retries = sweep.keys.retries;
  settings.rank_timeout = sweep.keys.rank_timeout;
  settings.trial_timeout = sweep.keys.trial_timeout;
  settings.walltime_margin = sweep.keys.walltime_margin;
  settings.costs = learned_costs(plan, options.out);
  settings.time_left = time_until_end(options.walltime);
  settings.log = [&](std::string const& line) { terminal.line(line); };
  settings.show_progress = [&](double share, std::string const& text) {
    terminal.progress(share, "sweep " + plan.name + ": ", text);
  };
  settings.progress_interval = terminal.interval(options.progress_every);
  if (slots < options.slots)
    terminal.line(
        "note: some trials of this sweep need several ranks or have a loss that needs its own process, so each rank "
        "runs one trial at a time.");
  LocalLink own;
  MpiHub hub(world, own);
  Manager manager(plan, committed, hub, ledger, settings);
  dispatching = true;
  auto const exit_without_lost_ranks = [&] {
    if (manager.lost().empty()) return;
    if (manager.lost_may_live()) session.abort_after(5, false);
    else session.exit_without_finalize();
  };
  int code = 0;
  try {
    code = manage_and_serve(manager, own, {options.slots, options.overlap}, hooks, groups_in(world));
  } catch (...) {
    exit_without_lost_ranks();
    throw;
  }
  exit_without_lost_ranks();
  ledger.append({.kind = EventKind::closed, .exit_code = code});
  ledger.sync();
  return code;
}

}  // namespace

int run_sweep(SweepOptions const& options, Hooks const& hooks, parallel::Session& session) {
  auto const& world = session.world();
  errors::StopSignals const signals;
  if (world.rank() != 0) {
    auto const rank_timeout = read_rank_timeout(options);
    MpiLink link(world, rank_timeout);
    ManagerWatch watch(options.out, rank_timeout);
    errors::GracefulStop const graceful_stop;
    auto const served = serve_slots(
        link, {options.slots, options.overlap}, hooks, world.rank(), [&] { return watch.lost(); }, groups_in(world));
    if (served.manager_lost) {
      session.abort_after(std::min(10.0, rank_timeout), world.rank() != 1);  // rank 1 reports the error
      throw errors::machine("rank 0 is lost", "its lock has not changed for longer than sweep.rank_timeout",
                            "Running trials were saved; the same command continues");
    }
    if (served.ranks_lost) session.exit_without_finalize();
    return served.exit_code;
  }
  // The other ranks wait for orders from the start: if rank 0 ends before the manager runs, it must tell them to quit.
  bool dispatching = false;
  auto const dismiss = [&](int code) {
    if (dispatching) return;
    Order quit;
    quit.exit_code = code;
    LocalLink no_worker;
    MpiHub hub(world, no_worker);
    for (int rank = 1; rank < world.size(); ++rank) hub.send(rank, quit);
  };
  try {
    auto const code = run_root(options, hooks, session, dispatching);
    dismiss(code);
    return code;
  } catch (errors::Error const& error) {
    dismiss(static_cast<int>(error.code()));
    throw;
  } catch (errors::Stopped const&) {
    dismiss(static_cast<int>(errors::ExitCode::stopped));
    throw;
  } catch (...) {
    dismiss(static_cast<int>(errors::ExitCode::defect));
    throw;
  }
}

}  // namespace mambasynth::sweep
