// The real dispatcher under the real launcher, with 0 (no launcher), 1, 2 and 4 ranks.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "store/atomic_file.hpp"
#include "sweep/launched_sweep.hpp"
#include "sweep/status.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::Background;
using tests::grid;
using tests::Sweep;
namespace fs = std::filesystem;

TEST_CASE("every trial runs exactly once, over any number of ranks, and a rerun runs none") {
  auto const ranks = GENERATE(0, 1, 2, 4);
  Sweep sweep(grid("[1, 2, 3, 4]", 3));
  auto const finished = sweep.run(ranks);
  INFO(finished.output);
  REQUIRE(finished.code == 0);
  REQUIRE(sweep.rows().size() == 8);
  for (auto const& row : sweep.rows()) {
    CHECK(sweep.committed(row.id));
    CHECK(sweep.noted(sweep::EventKind::finished).count(row.id) == 1);
  }
  CHECK(sweep.epochs().size() == 8 * 3);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
  CHECK_FALSE(fs::exists(sweep.out() / "lock"));
  std::set<int> workers;
  for (auto const& event : sweep::read_ledger(sweep.out() / "events.jsonl"))
    if (event.kind == sweep::EventKind::started) workers.insert(event.rank);
  CHECK(static_cast<int>(workers.size()) == std::max(ranks, 1));

  auto const again = sweep.run(ranks);
  CHECK(again.code == 0);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
  // One series for all trials, made by the first launch alone.
  auto const data = fs::directory_iterator(sweep.out() / "data")->path();
  CHECK(store::read_text(data / "series.txt") == "prepared\n");
}

TEST_CASE("a rank of several slots runs as many trials at once, each exactly once") {
  auto const ranks = GENERATE(0, 1, 2);
  Sweep sweep(grid("[1, 2, 3, 4, 5, 6]", 6));
  auto const finished = sweep.run(ranks, "--slots 3 --epoch-ms 20");
  INFO(finished.output);
  REQUIRE(finished.code == 0);
  for (auto const& row : sweep.rows()) CHECK(sweep.committed(row.id));
  CHECK(sweep.epochs().size() == 12 * 6);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
  std::map<int, int> running, most;
  for (auto const& event : sweep::read_ledger(sweep.out() / "events.jsonl")) {
    if (event.kind == sweep::EventKind::started) most[event.rank] = std::max(most[event.rank], ++running[event.rank]);
    if (event.kind == sweep::EventKind::finished) --running[event.rank];
  }
  CHECK(static_cast<int>(most.size()) == std::max(ranks, 1));
  for (auto const& [rank, at_once] : most) CHECK(at_once == 3);
  auto const status = sweep::read_status(sweep.out());
  CHECK(status.slots == 3);
  // Three at once, so that a rank needs a third of the time for each.
  double seconds = 0;
  for (auto const& event : sweep::read_ledger(sweep.out() / "events.jsonl"))
    if (event.kind == sweep::EventKind::finished) seconds += event.seconds;
  CHECK(std::abs(status.rank_hours * 3600 - seconds / 3) < 1e-6 + 1e-3 * seconds);
}

TEST_CASE("failed and diverged trials leave the others alone; the code is 4") {
  Sweep sweep(grid("[12, 13, 14, 15]", 2, "[1]"));
  auto const finished = sweep.run(2);
  INFO(finished.output);
  CHECK(finished.code == 4);
  CHECK_THAT(finished.output, ContainsSubstring("thirteen states bring no luck"));
  auto const status = sweep::read_status(sweep.out());
  CHECK(status.counts.at(sweep::State::done) == 1);
  CHECK(status.counts.at(sweep::State::diverged) == 1);
  CHECK(status.counts.at(sweep::State::failed) == 2);
  CHECK(status.troubled.size() == 3);
  auto const rows = sweep.rows();
  auto const failure = nlohmann::json::parse(store::read_text(sweep.out() / "trials" / rows[1].id / "failure.json"));
  CHECK(failure.at("state") == "failed");
  CHECK(failure.at("reason") == "thirteen states bring no luck");
  REQUIRE(failure.at("log").size() == 1);
  CHECK_THAT(failure.at("log")[0].get<std::string>(), ContainsSubstring("epoch 2/2"));  // of its second try

  // What failed runs again, what diverged does not.
  auto const again = sweep.run(1);
  CHECK(again.code == 4);
  CHECK(sweep.noted(sweep::EventKind::dispatched).count(rows[1].id) ==
        3);  // twice, then once: nothing was left to fail in
  CHECK(sweep.noted(sweep::EventKind::dispatched).count(rows[2].id) == 1);
}

TEST_CASE("a trial that fails once is run again, on another rank") {
  Sweep sweep(grid("[1, 2, 16]", 10, "[1]"));
  auto const finished = sweep.run(2);
  INFO(finished.output);
  CHECK(finished.code == 0);
  std::vector<int> ranks;
  for (auto const& event : sweep::read_ledger(sweep.out() / "events.jsonl"))
    if (event.kind == sweep::EventKind::started && event.trial == sweep.rows()[2].id) ranks.push_back(event.rank);
  REQUIRE(ranks.size() == 2);
  CHECK(ranks[0] != ranks[1]);
  CHECK(sweep.noted(sweep::EventKind::failed).size() == 1);
}

TEST_CASE("a trial that takes too long saves and ends as timed out; the next launch continues it") {
  Sweep sweep(grid("[1, 2]", 60, "[1]"));
  auto const finished = sweep.run(2, "--epoch-ms 50 --set sweep.trial_timeout=1");
  INFO(finished.output);
  CHECK(finished.code == 4);
  CHECK_THAT(finished.output, ContainsSubstring("timed_out: it took longer than sweep.trial_timeout = 1 s"));
  CHECK(sweep::read_status(sweep.out()).counts.at(sweep::State::timed_out) == 2);
  CHECK(sweep.run(2).code == 0);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
}

TEST_CASE("a second launcher is refused and told who is there; status sees what runs") {
  Sweep sweep(grid("[1, 2]", 4000, "[1]"));
  Background launcher(sweep.command(2));
  REQUIRE(sweep.wait_for(sweep::EventKind::epoch));
  auto const holder = sweep::read_lock(sweep.out() / "lock");
  REQUIRE(holder);
  auto const second = sweep.run(2);
  INFO(second.output);
  CHECK(second.code == 2);
  CHECK_THAT(second.output,
             ContainsSubstring("held by another launcher (process " + std::to_string(holder->pid) + " on "));

  auto const status = sweep::read_status(sweep.out());
  REQUIRE(status.running.size() == 2);
  CHECK(status.running[0].epoch >= 1);
  CHECK(status.running[0].epochs == 4000);
  CHECK(status.running[0].seconds_left);
  CHECK(status.holder->pid == holder->pid);
  CHECK_THAT(sweep::to_text(status),
             ContainsSubstring("running") && ContainsSubstring(status.running[0].id) && ContainsSubstring("/4000"));
  auto const json = nlohmann::json::parse(sweep::to_json(status));
  CHECK(json.at("counts").at("running") == 2);
  CHECK(json.at("running")[0].at("cell").at("model.d_state") == "1");

  // Taken over, the first leaves without touching what is the other's.
  Background heir(sweep.command(1, "--take-over"));
  CHECK(launcher.wait() == 2);
  CHECK(sweep::read_lock(sweep.out() / "lock")->token != holder->token);
  heir.signal(SIGTERM);
  (void)heir.wait();
}

TEST_CASE("what is wrong before the first trial is told once, and all ranks leave in order") {
  Sweep wrong("[train]\nepohcs = 3\n");
  auto const refused = wrong.run(3);
  INFO(refused.output);
  CHECK(refused.code == 2);
  auto const first = refused.output.find("epohcs");
  REQUIRE(first != std::string::npos);
  CHECK(refused.output.find("epohcs", first + 1) == std::string::npos);
  CHECK(refused.output.find("MPI_ABORT") == std::string::npos);
  CHECK_FALSE(fs::exists(wrong.out()));

  Sweep full(grid("[1, 2]", 2));
  auto const failed = full.run(2, "--prepare-fails");
  INFO(failed.output);
  CHECK(failed.code == 1);
  CHECK_FALSE(fs::exists(full.out() / "lock"));
}

TEST_CASE("the flag --dry-run prints the plan once and writes nothing") {
  Sweep sweep(grid("[1, 2]", 2));
  auto const finished = sweep.run(2, "--dry-run");
  CHECK(finished.code == 0);
  CHECK_THAT(finished.output, ContainsSubstring("sweep fake: 4 trials = 2 cells x 2 seeds"));
  CHECK_FALSE(fs::exists(sweep.out()));
}

TEST_CASE("a folder that another version of the program began is left alone, unless mixing is allowed") {
  Sweep sweep(grid("[1, 2, 3]", 40));
  auto const stopped = sweep.run(1, "--code 1111111111111111 --kill-rank 0 --kill-epoch 39 --signal 15");
  REQUIRE(stopped.code == 75);
  CHECK(sweep.run(1, "--code 2222222222222222").code == 2);  // nothing is finished, but a trial has been saved
  REQUIRE(sweep.run(1, "--code 1111111111111111 --kill-rank 0 --kill-epoch 39 --signal 15").code == 75);
  auto const refused = sweep.run(2, "--code 2222222222222222");
  INFO(refused.output);
  CHECK(refused.code == 2);
  CHECK_THAT(refused.output, ContainsSubstring("is of 111111111111, this is 222222222222"));
  CHECK(sweep.run(2, "--code 2222222222222222 --mixed").code == 0);
}

TEST_CASE("a changed sweep keeps what it shares with the old one") {
  Sweep sweep(grid("[1, 2]", 2));
  REQUIRE(sweep.run(1).code == 0);
  std::ofstream(sweep.out().parent_path() / "fake.toml") << grid("[2, 3]", 2);
  REQUIRE(sweep.run(2).code == 0);
  CHECK(sweep.epochs().size() == 6 * 2);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
}
