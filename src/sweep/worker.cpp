#include "sweep/worker.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstring>
#include <deque>
#include <exception>
#include <new>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "store/atomic_file.hpp"
#include "store/damaged_file.hpp"
#include "store/process.hpp"
#include "store/temporaries.hpp"
#include "sweep/backoff.hpp"
#include "sweep/ledger.hpp"
#include "sweep/lock.hpp"

namespace mambasynth::sweep {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t log_lines = 50;
constexpr auto report_interval = std::chrono::seconds(1);
constexpr char const* failure_name = "failure.json";
constexpr auto stop_poll_interval = std::chrono::milliseconds(20);

class LastLines {
 public:
  void add(std::string line) {
    lines_.push_back(std::move(line));
    if (lines_.size() > log_lines) lines_.pop_front();
  }
  [[nodiscard]] std::deque<std::string> const& lines() const { return lines_; }

 private:
  std::deque<std::string> lines_;
};

void write_failure(Order const& order, Report const& report, LastLines const& log, int rank) {
  nlohmann::ordered_json object{{"schema_version", 1},
                                {"trial", order.planned.id},
                                {"state", name_of(report.state)},
                                {"reason", report.reason},
                                {"time", iso_time(now())},
                                {"host", report.process.host},
                                {"rank", rank},
                                {"log", log.lines()}};
  store::write_atomically(std::filesystem::path(order.folder) / failure_name,
                          object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void prepare_folder(std::filesystem::path const& folder, std::function<void(std::string const&)> const& warn) {
  store::require_writable_folder(folder);
  store::remove_all_temporaries(folder);
  auto const failure = folder / failure_name;
  if (auto const warning = store::make_way(failure); !warning.empty()) warn(warning);
  std::filesystem::remove(failure);
}

/// Runs `body` and stores what it throws as the report's state and reason.
template <class F>
void capture_outcome(Report& report, F&& body) {
  auto const failed = [&](State state, std::string reason) {
    report.state = state;
    report.reason = std::move(reason);
  };
  try {
    body();
  } catch (errors::Stopped const&) {
    failed(State::preempted, "stopped on request");
  } catch (parallel::PeerFailed const& peer) {
    failed(peer.cause() == parallel::PeerFailed::Cause::stopped ? State::preempted : State::failed, peer.what());
  } catch (errors::Error const& error) {
    failed(State::failed, error.what());
    report.machine = error.code() == errors::ExitCode::defect;
  } catch (std::bad_alloc const&) {
    failed(State::out_of_memory, "out of memory on " + report.process.host);
  } catch (std::exception const& error) {
    failed(State::failed, error.what());
  } catch (...) {
    failed(State::failed, "unknown exception");
  }
}

}  // namespace

Report run_trial(Order const& order, Hooks const& hooks, int rank, WorkerLink& link,
                 std::function<bool()> const& stop_requested, MakeGroup const& make_group) {
  // An unreachable manager must not fail the trial, which continues until its next save.
  auto const report_to_manager = [&](Report const& message) {
    try {
      link.send(message);
    } catch (errors::Error const&) {
    }
  };
  static auto const self = store::this_process();
  std::filesystem::path const folder = order.folder;
  Report report;
  report.kind = Report::Kind::started;
  report.trial = order.trial;
  report.process = self;
  bool const is_root = order.ranks.empty() || order.ranks.front() == rank;
  report_to_manager(report);
  report.kind = Report::Kind::ended;

  LastLines log;
  auto const begin = Clock::now();
  capture_outcome(report, [&] {
    auto const group =
        std::make_shared<parallel::Group>(order.ranks.size() > 1 ? make_group(order) : parallel::Group());
    auto reported = Clock::time_point{};
    TrialContext context;
    context.folder = folder;
    context.data = order.data;
    context.threads = order.threads;
    context.group = group;
    context.micro_batch = order.micro_batch;
    context.log = [&](std::string const& line) { log.add(iso_time(now()) + " " + line); };
    context.warn = [&](std::string const& line) {
      context.log(line);
      Report warning;
      warning.kind = Report::Kind::note;
      warning.trial = order.trial;
      warning.reason = line;
      report_to_manager(warning);
    };
    errors::ScopedStopCheck const stop_check(stop_requested);
    bool overdue = false;
    context.stop_requested = [&] {
      overdue = overdue || (order.timeout > 0 && Clock::now() - begin > std::chrono::duration<double>(order.timeout));
      return overdue || stop_requested();
    };
    context.epoch = [&](EpochMark const& mark) {
      auto const time = Clock::now();
      if (time - reported < report_interval && mark.epoch != mark.epochs) return;
      reported = time;
      Report progress;
      progress.kind = Report::Kind::epoch;
      progress.trial = order.trial;
      progress.mark = mark;
      report_to_manager(progress);
    };
    context.measuring = [&] {
      Report progress;
      progress.kind = Report::Kind::measuring;
      progress.trial = order.trial;
      report_to_manager(progress);
    };
    auto const outcome = parallel::run_or_notify(*group, [&] {
      if (is_root) prepare_folder(folder, context.warn);
      return hooks.run(order.planned, context);
    });
    report.state = outcome.state;
    report.reason = outcome.reason;
    if (overdue && report.state == State::preempted) {
      report.state = State::timed_out;
      report.reason =
          "it took longer than sweep.trial_timeout = " + std::to_string(static_cast<long long>(order.timeout)) +
          " s; the next launch continues it";
    }
    if (!is_committed(report.state) || !is_root) return;
    auto const written = hooks.committed(folder / "trial.h5", order.planned.id);
    if (written && written->state == report.state) return;
    report.reason = "it ended as " + std::string(name_of(report.state)) + " but left no valid trial.h5";
    report.state = State::failed;
  });
  report.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (!is_committed(report.state) && is_root) {
    Report writing = report;
    capture_outcome(writing, [&] { write_failure(order, report, log, rank); });
    report.machine = report.machine || writing.machine;
  }
  return report;
}

Served serve(WorkerLink& link, Hooks const& hooks, int rank, std::function<bool()> const& manager_lost,
             MakeGroup const& make_group) {
  bool stopped = false;
  bool orphaned = false;
  bool signal_reported = false;
  std::optional<Order> next;
  auto const report_signal = [&] {
    auto const signal = errors::stop_signal();
    if (signal == 0 || signal_reported) return;
    signal_reported = stopped = true;
    Report stop;
    stop.kind = Report::Kind::stop;
    stop.reason = ::sigabbrev_np(signal);
    link.send(stop);
  };
  auto const poll = [&] {
    auto order = link.poll();
    if (!order) return false;
    if (order->kind == Order::Kind::stop) stopped = true;
    else next = std::move(order);
    return true;
  };
  auto polled = Clock::time_point{};
  auto const stop_requested = [&] {
    report_signal();
    auto const time = Clock::now();
    if (!stopped && time - polled > stop_poll_interval) {
      polled = time;
      while (poll()) {
      }
    }
    orphaned = orphaned || (manager_lost && manager_lost());
    return stopped || orphaned;
  };

  Backoff backoff;
  bool asked = false;
  for (;;) {
    report_signal();
    if (!asked && link.may_ask()) {
      link.send(Report{});
      asked = true;
    }
    if (!next && !poll()) {
      if (orphaned || (manager_lost && manager_lost())) return {.manager_lost = true};
      backoff.wait();
      continue;
    }
    if (!next) continue;
    backoff.reset();
    auto const order = std::move(*next);
    next.reset();
    if (order.kind == Order::Kind::quit) return {order.exit_code, order.ranks_lost};
    auto const report = run_trial(order, hooks, rank, link, stop_requested, make_group);
    if (orphaned) continue;  // no manager to receive it
    link.send(report);
    asked = false;
  }
}

}  // namespace mambasynth::sweep
