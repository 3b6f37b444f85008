#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "analysis/collate/program.hpp"
#include "analysis/collate/sweep_folder.hpp"
#include "store/process.hpp"

// Trials that are not done, and sweeps that are not over.

using namespace mambasynth;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

/// DIR/lock as a launcher writes it.
void lock(fs::path const& dir, store::Process const& holder) {
  write_text(dir / "lock", "{\"host\":\"" + holder.host + "\",\"pid\":" + std::to_string(holder.pid) +
                               ",\"process_start\":" + std::to_string(holder.process_start) + ",\"boot_id\":\"" +
                               holder.boot_id + "\",\"pid_namespace\":\"" + holder.pid_namespace +
                               "\",\"time_namespace\":\"" + holder.time_namespace +
                               "\",\"token\":\"1\",\"heartbeat\":                   7}\n");
}

std::string event(std::string const& kind, std::string const& trial, std::string const& more = "") {
  return "{\"time\":\"2026-03-01T12:00:04.250Z\",\"event\":\"" + kind + "\"" +
         (trial.empty() ? "" : ",\"trial\":\"" + trial + "\"") + more + "}\n";
}

std::map<std::string, std::string> states(fs::path const& dir) {
  std::map<std::string, std::string> found;
  for (auto const& trial : analysis::collate::read_folder(dir).trials) found[trial.id] = state_of(trial);
  return found;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "running, waiting, failed and timed-out trials are told apart") {
  sweep.commit("a1", 8);
  write_text(sweep.trial("a2") / "failure.json", R"({"state": "timed_out", "reason": "no word for 120 s"})");
  write_text(sweep.trial("b3") / "failure.json", R"({"state": "preempted", "reason": "SIGTERM"})");
  write_text(dir / "events.jsonl",
             event("opened", "") + event("started", "a1") + event("finished", "a1", ",\"state\":\"done\"") +
                 event("started", "a3") + event("epoch", "a3", ",\"epoch\":3") + event("started", "b1") +
                 event("failed", "b1", ",\"state\":\"timed_out\",\"reason\":\"rank 3 \\\"hung\\\"\"") +
                 event("dispatched", "b2") + "{\"half a li");
  SECTION("its launcher runs") {
    lock(dir, store::this_process());
    CHECK(states(dir) == std::map<std::string, std::string>{{"a1", "done"},
                                                            {"a2", "timed_out"},
                                                            {"a3", "running"},
                                                            {"b1", "timed_out"},
                                                            {"b2", "waiting"},
                                                            {"b3", "waiting"}});
    auto const ran = collate(dir.string());
    CHECK(ran.code == 4);
    CHECK(ran.err == "");
    CHECK_THAT(ran.out, ContainsSubstring("1 done, 1 running, 2 waiting, 2 failed (2 timed out), 0 diverged"));
    CHECK_THAT(ran.out, ContainsSubstring("a3, train.gate_lr_factor = 0.0, seed 44: running"));
    CHECK_THAT(ran.out, ContainsSubstring("b1, train.gate_lr_factor = 1.0, seed 42: timed_out: rank 3"));
    for (auto const& row : table(dir))  // what is planned is counted once
      CHECK(std::stoi(row.at("n")) + std::stoi(row.at("n_missing")) + std::stoi(row.at("n_failed")) +
                std::stoi(row.at("n_diverged")) ==
            3);
  }
  SECTION("its launcher is on another machine") {
    auto other = store::this_process();
    other.boot_id = "another";
    other.pid = 1 << 22;
    lock(dir, other);
    CHECK(states(dir).at("a3") == "running");
  }
  SECTION("its launcher was killed") {
    auto gone = store::this_process();
    gone.process_start += 1;  // the number of a process that has ended, in use again
    lock(dir, gone);
    CHECK(states(dir).at("a3") == "waiting");
  }
  SECTION("no launcher holds it") { CHECK(states(dir).at("a3") == "waiting"); }
  SECTION("what stands there is no lock") {
    write_text(dir / "lock", "[1, 2");
    CHECK(states(dir).at("a3") == "waiting");
  }
}

TEST_CASE_METHOD(Fixture, "a sweep that is being written is read as it is at that moment") {
  sweep.complete();
  std::atomic<bool> over = false;
  // One trial fails, runs again and ends, all the time.
  std::thread writer([&] {
    while (!over) {
      fs::remove(sweep.trial("a2") / "trial.h5");
      write_text(sweep.trial("a2") / "failure.json", R"({"state": "failed", "reason": "killed"})");
      fs::remove(sweep.trial("a2") / "failure.json");
      sweep.commit("a2", 9);
      sweep.commit("b1", 7);
    }
  });
  for (int i = 0; i < 20; ++i) {
    auto const ran = collate(dir.string());
    CHECK((ran.code == 0 || ran.code == 4));
    CHECK_THAT(ran.err, !ContainsSubstring("HDF5") && !ContainsSubstring("trial.h5'"));
    auto const rows = table(dir);
    REQUIRE(rows.size() == 2);
    CHECK(std::stoi(rows[0].at("n")) + std::stoi(rows[0].at("n_missing")) + std::stoi(rows[0].at("n_failed")) == 3);
    CHECK(rows[1].at("n") == "3");
  }
  over = true;
  writer.join();
}

TEST_CASE_METHOD(Fixture, "hundreds of trials, read by several processes, are those that one process reads") {
  constexpr int planned = 420;
  std::string plan = "id,train.gate_lr_factor,seed,cost\n";
  for (int i = 0; i < planned; ++i) {
    auto const id = "t" + std::to_string(i);
    plan += id + "," + (i % 2 ? "0.5" : "1.0") + "," + std::to_string(i / 2) + ",1\n";
    auto trial = trial_of(id, 8 + i);
    if (i % 7 == 0) trial.evaluation.measures.activation[1].std = std::nan("");  // a measure less
    if (i % 11 == 0) trial.evaluation.controls.noise.reset();                    // another layout
    if (i % 5 != 3) sweep.commit(trial);
  }
  write_text(dir / "plan.csv", plan);
  auto const damaged = sweep.trial("t100") / "trial.h5";
  fs::resize_file(damaged, fs::file_size(damaged) / 2);
  fs::copy_file(sweep.trial("t1") / "trial.h5", sweep.trial("t2") / "trial.h5", fs::copy_options::overwrite_existing);
  auto const found = analysis::collate::read_folder(dir);
  REQUIRE(found.trials.size() == planned);
  CHECK(found.warnings.size() == 2);
  for (auto const& trial : found.trials) {
    INFO(trial.id);
    auto const file = sweep.trial(trial.id) / "trial.h5";
    if (!fs::exists(file) || trial.id == "t100" || trial.id == "t2") {
      CHECK_FALSE(trial.result);
      continue;
    }
    REQUIRE(trial.result);
    auto const alone = analysis::trial_file::read_trial(file);
    CHECK(trial.file == file);
    CHECK(trial.result->measures.names() == alone.measures.names());
    auto const values = trial.result->measures.values(), expected = alone.measures.values();
    CHECK(std::equal(values.begin(), values.end(), expected.begin(), expected.end()));
    CHECK(trial.result->facts == alone.facts);
    CHECK(trial.result->provenance.git_commit == alone.provenance.git_commit);
    CHECK(trial.configuration->at("train.epochs").written == "2");
  }
}

TEST_CASE_METHOD(Fixture, "a thousand missing trials, and a trial that is planned twice") {
  std::string plan = "id,train.gate_lr_factor,seed,cost\n";
  for (int i = 0; i < 1000; ++i) plan += "t" + std::to_string(i) + "," + std::to_string(i) + ",42,1\n";
  plan += "a1,0.0,43,1\na1,0.0,43,1\n";
  write_text(dir / "plan.csv", plan);
  sweep.commit("a1", 8);
  auto const ran = collate(dir.string());
  CHECK(ran.code == 4);
  auto const rows = table(dir);
  CHECK(rows.size() == 1000);
  CHECK(rows[0].at("n") == "1");
  CHECK(rows[0].at("n_missing") == "1");
  CHECK(rows[999].at("n_missing") == "1");
  CHECK_THAT(ran.out, ContainsSubstring("1001 trials in 1000 cells: 1 done, 1000 waiting"));
}

TEST_CASE_METHOD(Fixture, "a planned trial whose ID leads out of the sweep's folder is refused") {
  sweep.commit("a1", 8);
  for (std::string const id : {"..", "../trials/a1", "/tmp"}) {
    write_text(dir / "plan.csv", "id,train.gate_lr_factor,seed,cost\n" + id + ",0.0,43,1\n");
    auto const ran = collate(dir.string());
    CHECK(ran.code == 3);
    CHECK_THAT(ran.err, ContainsSubstring("record 2 does not begin with the ID of a trial"));
  }
}
