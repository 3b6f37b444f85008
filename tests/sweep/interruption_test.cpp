// Ranks that are killed, hang or receive a stop signal, and jobs that end, under the real launcher.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <csignal>

#include "sweep/launched_sweep.hpp"
#include "sweep/status.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::Background;
using tests::grid;
using tests::Sweep;
namespace fs = std::filesystem;

TEST_CASE("a rank killed mid-trial ends the job; a rerun finishes without losing or repeating anything") {
  auto const victim = GENERATE(0, 1);
  Sweep sweep(grid("[1, 2, 3]", 20));
  auto const killed = sweep.run(2, "--kill-rank " + std::to_string(victim) + " --kill-epoch 7");
  INFO(killed.output);
  REQUIRE(killed.code != 0);
  auto const before = sweep.epochs();
  CHECK(before.size() < 6 * 20);
  CHECK(sweep.wait_until_idle());

  auto const finished = sweep.run(2);
  INFO(finished.output);
  REQUIRE(finished.code == 0);
  for (auto const& row : sweep.rows()) {
    CHECK(sweep.committed(row.id));
    CHECK(sweep.noted(sweep::EventKind::finished).count(row.id) <= 1);
  }
  // Each epoch was computed; only the one in progress at the kill may have been computed twice.
  auto const epochs = sweep.epochs();
  CHECK(epochs.size() == 6 * 20);
  int doubled = 0;
  for (auto const& [what, times] : epochs) doubled += times - 1;
  CHECK(doubled <= 1);
  CHECK(sweep::read_status(sweep.out()).counts.at(sweep::State::done) == 6);
}

TEST_CASE("a signal to any rank makes all ranks save; the exit code is 75 and the same command continues") {
  auto const number = GENERATE(SIGUSR2, SIGTERM, SIGINT);
  auto const rank = GENERATE(0, 1);
  Sweep sweep(grid("[1, 2, 3]", 30));
  auto const stopped =
      sweep.run(2, "--kill-rank " + std::to_string(rank) + " --kill-epoch 5 --signal " + std::to_string(number));
  INFO(stopped.output);
  CHECK(stopped.code == 75);
  CHECK(sweep.noted(sweep::EventKind::preempted).size() >= 1);
  CHECK_FALSE(fs::exists(sweep.out() / "lock"));
  CHECK(sweep::read_status(sweep.out()).counts.at(sweep::State::preempted) >= 1);
  auto const finished = sweep.run(2);
  INFO(finished.output);
  CHECK(finished.code == 0);
  auto const epochs = sweep.epochs();
  CHECK(epochs.size() == 6 * 30);
  for (auto const& [what, times] : epochs) CHECK(times == 1);
}

TEST_CASE("if the launcher allows it, the other ranks take over a killed rank's trials; the exit code is 0") {
  auto const ranks = GENERATE(2, 4);
  Sweep sweep(grid("[1, 2, 3]", 40));
  auto const finished = sweep.run_recovering(ranks, "--set sweep.rank_timeout=3 --kill-rank 1 --kill-epoch 7");
  INFO(finished.output);
  CHECK(finished.code == 0);
  CHECK_THAT(finished.output, ContainsSubstring("rank 1 on ") && ContainsSubstring(" is lost (no message for 3 s)"));
  for (auto const& row : sweep.rows()) CHECK(sweep.committed(row.id));
  CHECK(sweep.noted(sweep::EventKind::requeued).size() == 1);
  auto const epochs = sweep.epochs();
  CHECK(epochs.size() == 6 * 40);
  for (auto const& [what, times] : epochs) CHECK(times == 1);  // killed before its epoch was recorded
  CHECK_FALSE(fs::exists(sweep.out() / "lock"));
}

TEST_CASE("a stopped rank with several slots saves all its trials, and the trials of a killed one are requeued") {
  Sweep sweep(grid("[1, 2, 3]", 40));
  auto const stopped =
      sweep.run(2, "--slots 2 --epoch-ms 10 --kill-rank 1 --kill-epoch 5 --signal " + std::to_string(SIGUSR2));
  INFO(stopped.output);
  CHECK(stopped.code == 75);
  CHECK(sweep.noted(sweep::EventKind::preempted).size() == 4);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
  auto const finished =
      sweep.run_recovering(3, "--slots 2 --epoch-ms 10 --set sweep.rank_timeout=3 --kill-rank 1 --kill-epoch 20");
  INFO(finished.output);
  CHECK(finished.code == 0);
  CHECK_THAT(finished.output,
             ContainsSubstring("rank 1 on ") && ContainsSubstring("and resume what it was training ("));
  for (auto const& row : sweep.rows()) CHECK(sweep.committed(row.id));
  CHECK(sweep.noted(sweep::EventKind::requeued).size() == 2);
  // The killed rank's other trial may have saved an epoch without recording it.
  auto const epochs = sweep.epochs();
  CHECK(epochs.size() >= 6 * 40 - 1);
  for (auto const& [what, times] : epochs) CHECK(times == 1);
}

TEST_CASE("a rank that hangs is treated like a dead one, and the job still ends") {
  Sweep sweep(grid("[1, 2, 3]", 40, "[1]"));
  auto const finished = sweep.run_recovering(
      3, "--set sweep.rank_timeout=3 --kill-rank 1 --kill-epoch 7 --signal " + std::to_string(SIGSTOP));
  INFO(finished.output);
  CHECK(finished.code != 124);  // the exit code of `timeout`
  CHECK_THAT(finished.output, ContainsSubstring("3 of 3 done"));
  for (auto const& row : sweep.rows()) CHECK(sweep.committed(row.id));
  CHECK_FALSE(fs::exists(sweep.out() / "lock"));
}

TEST_CASE("if rank 0 is lost, the other ranks save and exit; the same command continues") {
  Sweep sweep(grid("[1, 2, 3]", 400, "[1]"));
  auto const finished =
      sweep.run_recovering(3, "--set sweep.rank_timeout=3 --kill-rank 0 --kill-epoch 7 --epoch-ms 20");
  INFO(finished.output);
  // Once Open MPI's launcher has tolerated a lost rank it always exits with 0; check the message and `status`.
  CHECK_THAT(finished.output, ContainsSubstring("rank 0 is lost"));
  CHECK_FALSE(sweep::read_status(sweep.out()).holder);
  auto const before = sweep.epochs().size();
  CHECK(before < 3 * 400);
  auto const again = sweep.run(2);
  INFO(again.output);
  CHECK(again.code == 0);
  for (auto const& [what, times] : sweep.epochs()) CHECK(times == 1);
}

TEST_CASE("before the job ends, all ranks save and no trial starts; the exit code is 75") {
  Sweep sweep(grid("[1, 2, 3]", 100));
  auto const finished = sweep.run(2, "--epoch-ms 50 --walltime 4");
  INFO(finished.output);
  CHECK(finished.code == 75);
  CHECK_THAT(finished.output, ContainsSubstring("stopping (the job ends in "));
  CHECK(sweep.noted(sweep::EventKind::preempted).size() == 2);
  CHECK(sweep.run(2, "--epoch-ms 1").code == 0);
  auto const epochs = sweep.epochs();
  CHECK(epochs.size() == 6 * 100);
  for (auto const& [what, times] : epochs) CHECK(times == 1);
}

TEST_CASE("USR2 to the launcher reaches all ranks") {
  Sweep sweep(grid("[1, 2, 3]", 400, "[1]"));
  Background launcher(sweep.command(2));
  REQUIRE(sweep.wait_for(sweep::EventKind::epoch));
  launcher.signal(SIGUSR2);
  CHECK(launcher.wait() == 75);
  CHECK(sweep.noted(sweep::EventKind::preempted).size() == 2);
}
