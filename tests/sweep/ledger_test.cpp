#include "sweep/ledger.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

#include "store/atomic_file.hpp"
#include "support/reference.hpp"
#include "sweep/progress.hpp"

using namespace mambasynth::sweep;
using mambasynth::store::read_text;
using mambasynth::tests::TemporaryFolder;

namespace {

Event event_of(EventKind kind, std::string const& trial, double time) {
  Event event;
  event.kind = kind;
  event.trial = trial;
  event.time = time;
  return event;
}

Event mark(std::string const& trial, double time, std::int64_t epoch, std::int64_t epochs) {
  auto event = event_of(EventKind::epoch, trial, time);
  event.epoch = epoch;
  event.epochs = epochs;
  event.train_mse = 2.5;
  event.val_mse = 3.5;
  return event;
}

Event ended(EventKind kind, std::string const& trial, double time, State state, double seconds) {
  auto event = event_of(kind, trial, time);
  event.state = state;
  event.seconds = seconds;
  return event;
}

}  // namespace

TEST_CASE("an event is unchanged after writing and reading its line") {
  Event event = mark("0123456789ab", 1764000000.25, 7, 500);
  event.rank = 0;
  event.val_mse = std::numeric_limits<double>::infinity();
  event.reason = "line one\nline \"two\" \xff";
  auto const line = to_line(event);
  CHECK(line.find('\n') == std::string::npos);
  CHECK(nlohmann::json::parse(line).at("time") == "2025-11-24T16:00:00.250Z");
  auto const back = from_line(line);
  REQUIRE(back);
  CHECK(back->kind == EventKind::epoch);
  CHECK(back->trial == event.trial);
  CHECK(back->time == Catch::Approx(event.time).margin(1e-3));
  CHECK(back->rank == 0);
  CHECK(back->epoch == 7);
  CHECK(back->train_mse == 2.5);
  CHECK(std::isnan(back->val_mse));
  CHECK_FALSE(from_line("{\"time\":\"2025-11-24T16:00:00.250Z\",\"event\":\"epoch\",\"rank\":\"x\"}"));
  CHECK_FALSE(from_line("[]"));
}

TEST_CASE("wherever the writer died, the incomplete last line is removed and nothing before it is lost") {
  TemporaryFolder folder;
  auto const file = folder.path() / "events.jsonl";
  {
    Ledger ledger(file);
    for (int i = 0; i < 3; ++i) ledger.append(event_of(EventKind::started, "trial" + std::to_string(i), 1000 + i));
    ledger.sync();
  }
  auto const whole = read_text(file);
  auto const last = whole.rfind('\n', whole.size() - 2) + 1;
  for (auto length = last; length < whole.size(); ++length) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    REQUIRE(read_ledger(file).size() == 2);
    Ledger ledger(file);
    ledger.append(event_of(EventKind::finished, "after", 2000));
    auto const events = read_ledger(file);
    REQUIRE(events.size() == 3);
    CHECK(events[1].trial == "trial1");
    CHECK(events[2].trial == "after");
  }
}

TEST_CASE("zeros left by a power failure and foreign lines are skipped") {
  TemporaryFolder folder;
  auto const file = folder.path() / "events.jsonl";
  std::ofstream(file, std::ios::binary) << to_line(event_of(EventKind::started, "a", 1)) << "\nnot json\n\n"
                                        << std::string(100, '\0');
  {
    Ledger ledger(file);
    ledger.append(event_of(EventKind::finished, "b", 2));
  }
  auto const events = read_ledger(file);
  REQUIRE(events.size() == 2);
  CHECK(events[1].trial == "b");
  CHECK(read_ledger(folder.path() / "none").empty());
}

TEST_CASE("the ledger determines each trial's state, and no trial outlives its launcher") {
  Progress progress({{"a", 10}, {"b", 10}, {"c", 20}});
  progress.apply(event_of(EventKind::opened, "", 0));
  progress.apply(event_of(EventKind::dispatched, "a", 0));
  progress.apply(event_of(EventKind::started, "a", 0));
  progress.apply(event_of(EventKind::started, "b", 0));
  CHECK(progress.running() == 2);
  CHECK_FALSE(progress.seconds_left(2));
  progress.apply(mark("b", 1, 1, 100));  // a worker reports the first epoch, but not every later one
  progress.apply(mark("b", 10, 10, 100));
  REQUIRE(progress.at("b").seconds_left());
  CHECK(*progress.at("b").seconds_left() == Catch::Approx(90));
  progress.apply(ended(EventKind::finished, "a", 50, State::done, 50));
  CHECK(progress.seconds_per_cost() == Catch::Approx(5));
  CHECK(*progress.seconds_left(1) == Catch::Approx(90 + 100));
  CHECK(*progress.seconds_left(8) == Catch::Approx(100));
  CHECK(progress.count(State::done) == 1);
  CHECK(progress.count(State::missing) == 1);

  progress.apply(event_of(EventKind::opened, "", 100));
  CHECK(progress.running() == 0);
  CHECK(progress.count(State::missing) == 2);
  // Resumed at epoch 50: the speed is that of this try only.
  progress.apply(event_of(EventKind::started, "b", 100));
  progress.apply(mark("b", 101, 51, 100));
  CHECK(*progress.at("b").seconds_left() == Catch::Approx(49));
  progress.apply(ended(EventKind::failed, "b", 110, State::out_of_memory, 10));
  CHECK(progress.count(State::out_of_memory) == 1);
  CHECK(summary(progress, 1) == "1 of 3 done, 1 out_of_memory, about 2 min left");
}

TEST_CASE("a trial that has trained is measured until it ends or runs again; ledgers without that event remain valid") {
  Progress progress({{"a", 10}, {"b", 10}});
  progress.apply(event_of(EventKind::opened, "", 0));
  for (auto const* trial : {"a", "b"}) progress.apply(event_of(EventKind::started, trial, 0));
  progress.apply(mark("a", 10, 20, 20));
  CHECK(progress.measuring() == 0);
  auto const measuring = from_line(to_line(event_of(EventKind::measuring, "a", 10)));
  REQUIRE(measuring);
  progress.apply(*measuring);
  CHECK(progress.at("a").measuring);
  CHECK(progress.measuring() == 1);
  CHECK(summary(progress, 1).starts_with("0 of 2 done, 2 running (1 measuring)"));
  progress.apply(ended(EventKind::preempted, "a", 12, State::preempted, 12));
  CHECK(progress.measuring() == 0);
  progress.apply(event_of(EventKind::started, "a", 20));
  CHECK(progress.measuring() == 0);
}

TEST_CASE("the ledger keeps the command that opened it") {
  auto event = event_of(EventKind::opened, "", 0);
  event.command = "mpirun -n 2 mambasynth sweep 'my sweep.toml'";
  event.directory = "/data/runs";
  auto const back = from_line(to_line(event));
  REQUIRE(back);
  CHECK(back->command == event.command);
  CHECK(back->directory == event.directory);
  CHECK(from_line(to_line(event_of(EventKind::opened, "", 0)))->command.empty());
}
