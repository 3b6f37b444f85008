// The manager without MPI: scripted workers over an in-memory hub.
#include "sweep/manager.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <csignal>
#include <deque>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "support/reference.hpp"
#include "sweep/worker.hpp"

using namespace mambasynth;
using sweep::Order;
using sweep::Report;
using sweep::State;
using tests::TemporaryFolder;

namespace {

/// Workers that end each trial immediately in the state given by `script`, and save when ordered to stop.
class ScriptedHub : public sweep::ManagerHub {
 public:
  ScriptedHub(int ranks, std::function<std::optional<State>(Order const&)> script, int slots = 1)
      : ranks_(ranks), script_(std::move(script)) {
    for (int rank = 0; rank < ranks; ++rank)
      for (int slot = 0; slot < slots; ++slot) say_ready({rank, slot});
  }
  [[nodiscard]] int ranks() const override { return ranks_; }
  void send(int rank, Order const& sent) override {
    if (rank == unreachable) throw errors::machine("a message was not sent", "the rank is dead", "Look at its node");
    auto const order = sweep::order_from(sweep::to_bytes(sent));  // as sent over MPI
    if (order.kind == Order::Kind::quit) quits.push_back(order.exit_code);
    if (order.kind == Order::Kind::stop)
      for (auto const& [worker, trial] : std::map(running))
        if (worker.first == rank) end(worker, State::preempted);
    if (order.kind != Order::Kind::run) return;
    runs.push_back(order.planned.id);
    Worker const worker{rank, order.slot};
    REQUIRE_FALSE(running.contains(worker));
    ran_on.push_back(worker);
    running[worker] = order.trial;
    Report started;
    started.kind = Report::Kind::started;
    started.trial = order.trial;
    report(worker, started);
    if (auto const state = script_(order)) end(worker, *state);
  }
  std::optional<std::pair<int, Report>> poll() override {
    if (reports.empty()) return std::nullopt;
    auto report = reports.front();
    reports.pop_front();
    report.second = sweep::report_from(sweep::to_bytes(report.second));
    return report;
  }

  using Worker = std::pair<int, int>;  ///< rank, slot
  std::deque<std::pair<int, Report>> reports;
  std::vector<std::string> runs;
  std::vector<Worker> ran_on;
  std::vector<int> quits;
  std::map<Worker, std::size_t> running;
  int unreachable = -1;

 private:
  void report(Worker worker, Report report) {
    report.slot = worker.second;
    reports.emplace_back(worker.first, report);
  }
  void say_ready(Worker worker) { report(worker, {}); }
  void end(Worker worker, State state) {
    Report ended;
    ended.kind = Report::Kind::ended;
    ended.trial = running.at(worker);
    ended.state = state;
    ended.reason = "as scripted";
    ended.seconds = 1;
    running.erase(worker);
    report(worker, ended);
    say_ready(worker);
  }
  int ranks_;
  std::function<std::optional<State>(Order const&)> script_;
};

struct Bench {
  TemporaryFolder folder;
  sweep::Plan plan = sweep::make_plan(
      sweep::parse_sweep("[[sweep.axis]]\n\"model.d_state\" = [1, 2, 3, 4, 5, 6, 7, 8]\n", "test.toml"), "fp32", {});
  sweep::Ledger ledger{folder.path() / "events.jsonl"};
  std::map<std::string, State> committed;
  int signal = 0;
  bool lost = false;
  std::string logged;

  sweep::Manager manager(ScriptedHub& hub, std::int64_t retries = 0, double rank_timeout = 120) {
    sweep::ManagerSettings settings;
    settings.retries = retries;
    settings.rank_timeout = rank_timeout;
    settings.folder = folder.path();
    for (auto const& planned : plan.trials) settings.data[planned.data_hash] = "series";
    settings.signal = [this] { return signal; };
    settings.lock_lost = [this] { return lost; };
    settings.show_progress = [](double, std::string const&) {};
    settings.log = [this](std::string const& line) { logged += line + "\n"; };
    return {plan, committed, hub, ledger, settings};
  }
  std::size_t count(sweep::EventKind kind) const {
    std::size_t count = 0;
    for (auto const& event : sweep::read_ledger(folder.path() / "events.jsonl")) count += event.kind == kind ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("each trial runs once, the most expensive first, and all workers quit with 0") {
  Bench bench;
  ScriptedHub hub(3, [](Order const&) { return State::done; });
  CHECK(bench.manager(hub).run() == 0);
  REQUIRE(hub.runs.size() == 8);
  CHECK(hub.runs.front() == bench.plan.trials.back().id);
  CHECK(hub.runs.back() == bench.plan.trials.front().id);
  CHECK(hub.quits == std::vector<int>{0, 0, 0});
  CHECK(bench.count(sweep::EventKind::finished) == 8);
}

TEST_CASE("a trial that runs out of memory is retried with half as many windows per micro-batch, down to one") {
  Bench bench;
  bench.plan.trials.resize(1);
  auto const batch = bench.plan.trials.front().trial.train.batch_size;
  std::vector<std::int64_t> at_once;
  std::int64_t fits = batch / 4;
  auto const script = [&](Order const& order) {
    at_once.push_back(order.micro_batch);
    return order.micro_batch != 0 && order.micro_batch <= fits ? State::done : State::out_of_memory;
  };
  ScriptedHub enough(1, script);
  CHECK(bench.manager(enough).run() == 0);
  CHECK(at_once == std::vector<std::int64_t>{0, batch / 2, batch / 4});
  CHECK(bench.count(sweep::EventKind::requeued) == 2);
  at_once.clear();
  fits = 0;
  ScriptedHub never(1, script);
  CHECK(bench.manager(never).run() == 4);
  CHECK(at_once.back() == 1);
  CHECK(bench.logged.find("out_of_memory: as scripted") != std::string::npos);
}

TEST_CASE("trials with a result do not run again, whatever the result") {
  Bench bench;
  bench.committed[bench.plan.trials[7].id] = State::done;
  ScriptedHub hub(2, [](Order const&) { return State::done; });
  CHECK(bench.manager(hub).run() == 0);
  CHECK(hub.runs.size() == 7);

  bench.committed.clear();
  for (auto const& planned : bench.plan.trials) bench.committed[planned.id] = State::done;
  bench.committed[bench.plan.trials[0].id] = State::diverged;
  ScriptedHub idle(2, [](Order const&) { return State::done; });
  CHECK(bench.manager(idle).run() == 4);
  CHECK(idle.runs.empty());
}

TEST_CASE("a failed trial does not stop the others and the same launch does not retry it; the exit code is 4") {
  Bench bench;
  auto const bad = bench.plan.trials[3].id;
  ScriptedHub hub(2, [&](Order const& order) { return order.planned.id == bad ? State::failed : State::done; });
  CHECK(bench.manager(hub).run() == 4);
  CHECK(hub.runs.size() == 8);
  CHECK(bench.count(sweep::EventKind::failed) == 1);
  CHECK(bench.count(sweep::EventKind::finished) == 7);
  CHECK_THAT(bench.logged, Catch::Matchers::ContainsSubstring(bad + " failed: as scripted"));
}

TEST_CASE("every rank with several slots gets a trial before any gets two, and the ledger records only ranks") {
  Bench bench;
  ScriptedHub hub(
      3,
      [&](Order const& order) -> std::optional<State> {
        CHECK(order.ranks.size() == 1);
        if (order.trial != 0) return std::nullopt;
        bench.signal = SIGUSR2;  // all eight are running
        return State::done;
      },
      3);
  CHECK(bench.manager(hub).run() == 75);
  using Worker = ScriptedHub::Worker;
  CHECK(hub.ran_on == std::vector<Worker>{{0, 0}, {1, 0}, {2, 0}, {0, 1}, {1, 1}, {2, 1}, {0, 2}, {1, 2}});
  CHECK(hub.running.empty());
  CHECK(hub.quits == std::vector<int>{75, 75, 75});
  CHECK(bench.count(sweep::EventKind::preempted) == 7);
  for (auto const& event : sweep::read_ledger(bench.folder.path() / "events.jsonl")) CHECK(event.rank < 3);
}

TEST_CASE("all trials of a lost rank are requeued, and a failed trial goes to another rank, not another slot") {
  Bench bench;
  auto const bad = bench.plan.trials[7].id;
  std::vector<int> tried;
  ScriptedHub* seen = nullptr;
  ScriptedHub hub(
      3,
      [&](Order const& order) -> std::optional<State> {
        if (order.planned.id == bad) {
          tried.push_back(seen->ran_on.back().first);
          return tried.size() == 1 ? State::failed : State::done;
        }
        // Rank 1 is running two trials when the next message fails to reach it.
        if (seen->ran_on.back() == ScriptedHub::Worker{1, 1}) seen->unreachable = 1;
        if (seen->ran_on.back().first == 1) return std::nullopt;
        return State::done;
      },
      2);
  seen = &hub;
  CHECK(bench.manager(hub, /*retries=*/1, /*rank_timeout=*/0.3).run() == 0);
  REQUIRE(tried.size() == 2);
  CHECK(tried[0] != tried[1]);
  CHECK(bench.count(sweep::EventKind::finished) == 8);
  CHECK(bench.count(sweep::EventKind::requeued) == 3);
  CHECK_THAT(bench.logged, Catch::Matchers::ContainsSubstring("rank 1") &&
                               Catch::Matchers::ContainsSubstring("what it was training ("));
}

TEST_CASE("if a trial needs several ranks, each rank runs one trial at a time") {
  Bench bench;
  bench.plan.trials[2].ranks = 2;
  ScriptedHub hub(2, [](Order const&) { return State::done; }, 2);
  CHECK(bench.manager(hub).run() == 0);
  CHECK(hub.runs.size() == 9);  // one of them on two ranks
  for (auto const& [rank, slot] : hub.ran_on) CHECK(slot == 0);
}

TEST_CASE("after a signal, running trials save and no other starts; the exit code is 75") {
  Bench bench;
  ScriptedHub hub(3, [&](Order const& order) -> std::optional<State> {
    if (order.planned.id != bench.plan.trials[5].id) return State::done;
    bench.signal = SIGUSR2;
    return std::nullopt;  // runs until stopped
  });
  CHECK(bench.manager(hub).run() == 75);
  CHECK(hub.running.empty());
  CHECK(hub.runs.size() < 8);
  CHECK(hub.quits == std::vector<int>{75, 75, 75});
  CHECK(bench.count(sweep::EventKind::preempted) == 1);
}

TEST_CASE("a signal to one worker stops all workers") {
  Bench bench;
  ScriptedHub hub(2, [](Order const&) -> std::optional<State> { return std::nullopt; });
  Report stop;
  stop.kind = Report::Kind::stop;
  stop.reason = "TERM";
  hub.reports.emplace_back(1, stop);
  CHECK(bench.manager(hub).run() == 75);
  CHECK(hub.running.empty());
}

TEST_CASE("losing the lock stops the trials with an error that names the folder") {
  Bench bench;
  ScriptedHub hub(2, [&](Order const&) -> std::optional<State> {
    bench.lost = true;
    return std::nullopt;
  });
  auto manager = bench.manager(hub);
  CHECK_THROWS_AS(manager.run(), errors::Error);
  CHECK(hub.running.empty());
  CHECK(hub.quits == std::vector<int>{2, 2});
}

TEST_CASE("a trial runs in its folder, and an exception becomes failure.json with its last 50 lines") {
  TemporaryFolder folder;
  sweep::LocalLink link;
  sweep::Hooks hooks;
  hooks.committed = [](auto const&, auto const&) { return std::nullopt; };
  Order order;
  order.planned.id = "0123456789ab";
  order.folder = (folder.path() / "trials" / order.planned.id).string();
  auto const failure = std::filesystem::path(order.folder) / "failure.json";
  auto const run = [&](sweep::RunTrial trial) {
    hooks.run = std::move(trial);
    return sweep::run_trial(order, hooks, 3, link, [] { return false; });
  };

  auto report = run([](auto const&, sweep::TrialContext& context) -> sweep::TrialOutcome {
    for (int i = 1; i <= 80; ++i) context.log("line " + std::to_string(i) + ".");
    throw errors::input("the series is broken", "NaN at step 3", "Repair it");
  });
  CHECK(report.state == State::failed);
  CHECK_FALSE(report.machine);
  auto const text = store::read_text(failure);
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("the series is broken (NaN at step 3). Repair it.") &&
                       Catch::Matchers::ContainsSubstring("line 31.") &&
                       !Catch::Matchers::ContainsSubstring("line 30.") &&
                       Catch::Matchers::ContainsSubstring("line 80."));

  CHECK(run([](auto const&, auto&) -> sweep::TrialOutcome { throw std::bad_alloc(); }).state == State::out_of_memory);
  CHECK(run([](auto const&, auto&) -> sweep::TrialOutcome { throw 7; }).state == State::failed);
  CHECK(run([](auto const&, auto&) -> sweep::TrialOutcome { throw errors::machine("a", "full", "b"); }).machine);
  CHECK(run([](auto const&, auto&) -> sweep::TrialOutcome { return {State::preempted, ""}; }).state ==
        State::preempted);
  CHECK_THAT(store::read_text(failure), Catch::Matchers::ContainsSubstring("\"preempted\""));
  // A trial that reports done but left no result has failed.
  report = run([](auto const&, auto&) -> sweep::TrialOutcome { return {State::done, ""}; });
  CHECK(report.state == State::failed);
  CHECK_THAT(report.reason, Catch::Matchers::ContainsSubstring("no valid trial.h5"));

  auto const torn = failure.parent_path() / ".trial.h5.host.1.0.tmp";
  store::write_atomically(torn, "of a writer that was killed");
  hooks.committed = [](auto const&, auto const&) { return State::done; };
  CHECK(run([](auto const&, auto&) -> sweep::TrialOutcome { return {State::done, ""}; }).state == State::done);
  CHECK_FALSE(std::filesystem::exists(failure));
  CHECK_FALSE(std::filesystem::exists(torn));
}
