#include "sweep/manager.hpp"

#include <algorithm>
#include <cstring>

#include "config/micro_batch.hpp"
#include "errors/errors.hpp"
#include "sweep/backoff.hpp"

namespace mambasynth::sweep {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto sync_interval = std::chrono::milliseconds(1000);

std::map<std::string, double> costs_of(Plan const& plan) {
  std::map<std::string, double> costs;
  for (auto const& planned : plan.trials) costs[planned.id] = planned.cost;
  return costs;
}

config::MicroBatchPolicy micro_batch(PlannedTrial const& planned) { return {planned.trial.train, planned.ranks}; }

std::vector<Scheduler::Job> jobs_of(Plan const& plan, std::map<std::string, State> const& committed,
                                    CostModel const& costs) {
  std::vector<Scheduler::Job> jobs;
  for (std::size_t i = 0; i < plan.trials.size(); ++i)
    if (!committed.contains(plan.trials[i].id)) {
      auto const& planned = plan.trials[i];
      jobs.push_back(
          {i, costs.expected(planned.cost), static_cast<int>(planned.ranks), micro_batch(planned).most_halvings()});
    }
  return jobs;
}

int code_of(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (errors::Error const& known) {
    return static_cast<int>(known.code());
  } catch (...) {
    return static_cast<int>(errors::ExitCode::defect);
  }
}

}  // namespace

Manager::Manager(Plan const& plan, std::map<std::string, State> const& committed, ManagerHub& hub, Ledger& ledger,
                 ManagerSettings settings)
    : plan_(plan),
      hub_(hub),
      ledger_(ledger),
      settings_(std::move(settings)),
      progress_(costs_of(plan)),
      scheduler_(jobs_of(plan, committed, settings_.costs), settings_.retries),
      ranks_(hub.ranks(), settings_.rank_timeout),
      whole_ranks_(plan.needs_whole_ranks()),
      progress_shown_at_(Clock::now()) {
  scheduler_.expect(hub_.ranks());
  progress_.apply({.kind = EventKind::opened, .slots = settings_.slots});
  // The margin must not take up a job of only a few minutes.
  if (auto const left = settings_.time_left())
    settings_.walltime_margin = std::min(settings_.walltime_margin, *left / 10);
  for (auto const& [id, state] : committed) progress_.committed(id, state);
}

int Manager::run() {
  Backoff backoff;
  while (!scheduler_.finished()) {
    try {
      if (step()) backoff.reset();
      else backoff.wait();
    } catch (...) {
      fail(std::current_exception());
    }
  }
  if (!error_) try {
      ledger_.sync();
    } catch (...) {
      error_ = std::current_exception();
    }
  auto const code = error_ ? code_of(error_) : exit_code();
  quit(code);
  if (error_) std::rethrow_exception(error_);
  settings_.log(
      "sweep " + plan_.name + ": " + summary(progress_, hub_.ranks()) +
      (code == static_cast<int>(errors::ExitCode::stopped) ? "; stopped on request, the same command continues" : "") +
      "; results in " + settings_.folder.string());
  for (auto const& planned : plan_.trials) {
    auto const& view = progress_.at(planned.id);
    if (view.phase == TrialView::Phase::ended && view.state != State::done && view.state != State::preempted)
      settings_.log("  " + planned.id + " " + std::string(name_of(view.state)) +
                    (view.reason.empty() ? "" : ": " + view.reason));
  }
  return code;
}

bool Manager::step() {
  if (!scheduler_.stopped()) {
    if (auto const signal = settings_.signal(); signal != 0) stop(::sigabbrev_np(signal));
    if (settings_.lock_lost())
      throw errors::usage("the sweep folder " + settings_.folder.string() + " was taken over",
                          "its lock now names another launcher",
                          "Only one launcher can run a folder; leave it to the other one");
    watch_walltime();
  }
  bool busy = false;
  while (auto const report = hub_.poll()) {
    handle(report->first + report->second.slot * hub_.ranks(), report->second);
    busy = true;
  }
  watch_workers();
  dispatch();
  if (!error_) ledger_.sync(sync_interval);
  show_progress();
  return busy;
}

void Manager::handle(int worker, Report const& report) {
  auto const rank = rank_of(worker);
  ranks_.heard(rank);
  slots_ = std::max(slots_, report.slot + 1);
  if (ranks_.is_lost(rank)) {
    // It was only slow. Another rank is running its trial by now, so it must save, stop and wait for the sweep's end.
    if (ranks_.was_slow(rank)) send(rank, {.kind = Order::Kind::stop});
    return;
  }
  auto const id =
      report.kind == Report::Kind::ready || report.kind == Report::Kind::stop || report.kind == Report::Kind::heartbeat
          ? std::string{}
          : plan_.trials.at(report.trial).id;
  switch (report.kind) {
    case Report::Kind::ready:
      if (worker < hub_.ranks() || !whole_ranks_) scheduler_.ready(worker);
      break;
    case Report::Kind::started: {
      ranks_.runs_as(rank, report.process);
      if (!is_root(worker, report.trial)) break;
      Event event{.kind = EventKind::started, .trial = id, .rank = rank, .host = report.process.host};
      event.epochs = plan_.trials[report.trial].trial.train.epochs;
      record(event);
      break;
    }
    case Report::Kind::epoch: {
      Event event{.kind = EventKind::epoch, .trial = id, .rank = rank};
      event.epoch = report.mark.epoch;
      event.epochs = report.mark.epochs;
      event.train_mse = report.mark.train_mse;
      event.val_mse = report.mark.val_mse;
      record(event);
      break;
    }
    case Report::Kind::measuring:
      record({.kind = EventKind::measuring, .trial = id, .rank = rank});
      break;
    case Report::Kind::ended:
      handle_end(worker, report);
      break;
    case Report::Kind::heartbeat:
      break;
    case Report::Kind::note:
      settings_.log("trial " + id + ": " + report.reason);
      break;
    case Report::Kind::stop:
      stop(report.reason + " on rank " + std::to_string(rank));
      break;
  }
}

bool Manager::is_root(int worker, std::size_t trial) const {
  auto const found = roots_.find(trial);
  return found != roots_.end() && found->second == worker;
}

void Manager::handle_end(int worker, Report const& report) {
  // First, so that an unwritable ledger cannot leave a trial running forever.
  auto const verdict = scheduler_.ended(worker, report.trial, report.state);
  if (verdict == Scheduler::Verdict::ignored) return;
  bool const failure = report.state == State::failed || report.state == State::out_of_memory;
  if (failure) first_failures_.try_emplace(report.trial, report);
  if (verdict == Scheduler::Verdict::partly) return;
  // The rank that failed first has the reason; the others only lost contact with it.
  auto const first = first_failures_.extract(report.trial);
  conclude(roots_.at(report.trial), !failure || first.empty() ? report : first.mapped(), verdict);
}

void Manager::conclude(int worker, Report const& report, Scheduler::Verdict verdict) {
  bool const again = verdict == Scheduler::Verdict::again;
  machine_failure_ = machine_failure_ || (report.machine && !again);
  Event event{.kind = EventKind::failed, .trial = plan_.trials[report.trial].id, .rank = rank_of(worker)};
  if (is_committed(report.state)) event.kind = EventKind::finished;
  if (report.state == State::preempted) event.kind = EventKind::preempted;
  event.state = report.state;
  event.reason = report.reason;
  event.seconds = report.seconds;
  if (report.state == State::done) learn(report.trial, report.seconds);
  record(event);
  if (!again) return;
  auto const how =
      report.state == State::out_of_memory
          ? ", runs again with " +
                std::to_string(micro_batch(plan_.trials[report.trial]).windows(scheduler_.shrunk(report.trial))) +
                " windows at once: "
          : std::string(", runs again: ");
  record({.kind = EventKind::requeued,
          .trial = event.trial,
          .rank = event.rank,
          .reason = std::string(name_of(report.state)) + how + report.reason});
}

void Manager::learn(std::size_t trial, double seconds) {
  auto const& planned = plan_.trials[trial];
  // The reported time of a resumed trial does not cover its earlier runs.
  if (progress_.at(planned.id).first > 0) return;
  if (settings_.costs.learn(planned.cost, seconds * progress_.at(planned.id).ranks))
    scheduler_.estimate([&](std::size_t waiting) { return settings_.costs.expected(plan_.trials[waiting].cost); });
}

bool Manager::may_start() const {
  auto const left = settings_.time_left();
  return !left || *left > 2 * settings_.walltime_margin;
}

void Manager::watch_walltime() {
  auto const left = settings_.time_left();
  if (!left) return;
  bool const nothing_starts = scheduler_.running().empty() && scheduler_.waiting() > 0 && !may_start();
  if (*left <= settings_.walltime_margin || nothing_starts)
    stop("the job ends in " + std::to_string(static_cast<long long>(std::max(0.0, *left))) + " s");
}

void Manager::watch_workers() {
  for (auto const rank : ranks_.silent())
    lose(rank, "no message for " + std::to_string(static_cast<long long>(settings_.rank_timeout)) + " s");
}

void Manager::lose(int rank, std::string const& why) {
  if (!ranks_.lose(rank)) return;
  auto const host = ranks_.host_of(rank);
  auto const who = "rank " + std::to_string(rank) + (host.empty() ? "" : " on " + host) + " is lost (" + why + ")";
  std::string lost;
  std::vector<std::string> again;
  for (auto worker = rank; worker < slots_ * hub_.ranks(); worker += hub_.ranks()) {
    auto const found = scheduler_.running().find(worker);
    auto const trial = found == scheduler_.running().end() ? std::string{} : plan_.trials[found->second].id;
    auto const verdict = scheduler_.lost(worker);
    if (verdict != Scheduler::Verdict::ignored) lost += (lost.empty() ? "" : ", ") + trial;
    if (verdict == Scheduler::Verdict::again) again.push_back(trial);
  }
  settings_.log("sweep " + plan_.name + ": " + who + ". The other ranks continue" +
                (lost.empty() ? "." : " and resume what it was training (" + lost + ") from the last save."));
  for (auto const& trial : again) record({.kind = EventKind::requeued, .trial = trial, .rank = rank, .reason = who});
  if (ranks_.left() == 1 && hub_.ranks() > 1) settings_.log("sweep " + plan_.name + ": only rank 0 is left.");
}

void Manager::send(int rank, Order const& order) {
  if (!ranks_.answers(rank)) return;
  try {
    hub_.send(rank, order);
  } catch (errors::Error const& error) {
    lose(rank, error.what());
  }
}

void Manager::dispatch() {
  if (!may_start()) return;
  for (auto const& [root, trial, workers] : scheduler_.assign()) {
    auto const& planned = plan_.trials[trial];
    // An unwritable ledger must not hold back the order: the scheduler relies on this trial ending.
    try {
      record({.kind = EventKind::dispatched,
              .trial = planned.id,
              .rank = rank_of(root),
              .ranks = workers.size() > 1 ? static_cast<int>(workers.size()) : 0});
    } catch (...) {
      fail(std::current_exception());
    }
    Order order;
    order.kind = Order::Kind::run;
    order.trial = trial;
    order.planned = planned;
    order.folder = (settings_.folder / "trials" / planned.id).string();
    order.data = settings_.data.at(planned.data_hash).string();
    order.threads = settings_.threads;
    order.timeout = settings_.trial_timeout;
    for (auto const worker : workers) order.ranks.push_back(rank_of(worker));
    order.slot = root / hub_.ranks();
    order.group = ++groups_;
    order.micro_batch = micro_batch(planned).windows(scheduler_.shrunk(trial));
    roots_[trial] = root;
    for (auto const rank : order.ranks) {
      send(rank, order);
      if (scheduler_.stopped()) send(rank, {.kind = Order::Kind::stop});
    }
  }
  stop_if_none_can_start();
}

void Manager::stop_if_none_can_start() {
  auto const left = ranks_.left();
  if (scheduler_.stopped() || !scheduler_.running().empty() || scheduler_.fewest_ranks() <= left) return;
  stop("the remaining trials need " + std::to_string(scheduler_.fewest_ranks()) + " ranks each, " +
       std::to_string(left) + " are left");
}

void Manager::stop(std::string const& why) {
  if (scheduler_.stopped()) return;
  scheduler_.stop();
  for (int rank = 0; rank < hub_.ranks(); ++rank) send(rank, {.kind = Order::Kind::stop});
  settings_.log("sweep " + plan_.name + ": stopping (" + why + "), " + std::to_string(scheduler_.running().size()) +
                " running trials will save first");
}

void Manager::fail(std::exception_ptr error) {
  if (error_) return;
  error_ = std::move(error);
  stop("an error");
}

void Manager::record(Event event) {
  event.time = now();
  progress_.apply(event);
  if (!error_) ledger_.append(event);
}

void Manager::show_progress() {
  auto const time = Clock::now();
  if (time - progress_shown_at_ < std::chrono::duration<double>(settings_.progress_interval)) return;
  progress_shown_at_ = time;
  settings_.show_progress(progress_.share(), summary(progress_, hub_.ranks()));
}

int Manager::exit_code() const {
  using errors::ExitCode;
  auto const all = progress_.trials().size();
  if (scheduler_.stopped() && (scheduler_.waiting() > 0 || progress_.count(State::preempted) > 0))
    return static_cast<int>(ExitCode::stopped);
  if (progress_.count(State::done) == all) return static_cast<int>(ExitCode::done);
  return static_cast<int>(machine_failure_ ? ExitCode::defect : ExitCode::incomplete);
}

void Manager::quit(int code) {
  Order order;
  order.kind = Order::Kind::quit;
  order.exit_code = code;
  order.ranks_lost = !ranks_.lost().empty();
  for (int rank = 0; rank < hub_.ranks(); ++rank) send(rank, order);
}

}  // namespace mambasynth::sweep
