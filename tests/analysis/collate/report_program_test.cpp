#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "analysis/collate/program.hpp"

// mambasynth-collate --report, as a user runs it.

using namespace mambasynth;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE_METHOD(Fixture, "a report of trials of which none can be read shows their states; exit code 3") {
  write_text(sweep.trial("b1") / "failure.json", R"({"state": "failed", "reason": "loss is nan"})");
  write_text(sweep.trial("a1") / "trial.h5", "not HDF5");
  auto const out = root.path() / "report";
  auto const ran = collate(dir.string() + " --report " + out.string());
  CHECK(ran.code == 3);
  CHECK_THAT(ran.err, ContainsSubstring("no readable trial in " + dir.string() +
                                        " (none of the 6 planned has a trial.h5 that can be used: 0 of 6 trials done "
                                        "(1 failed and 5 waiting))"));
  CHECK_THAT(ran.out, ContainsSubstring("The report: " + (out / "report.html").string()));
  auto const text = store::read_text(out / "report.md");
  CHECK_THAT(text, ContainsSubstring("0 of 6 trials done (1 failed and 5 waiting)") &&
                       ContainsSubstring("loss is nan") && ContainsSubstring("No trial has a loss yet"));
}

TEST_CASE_METHOD(Fixture, "a chapter without results stands in a report of others") {
  sweep.complete();
  auto const waiting = root.path() / "waiting";
  write_text(waiting / "plan.csv", "id,train.lr,seed,cost\nc1,0.1,42,1\n");
  auto const ran = collate(dir.string() + " " + waiting.string() + " --report " + (root.path() / "report").string());
  CHECK(ran.code == 4);
  CHECK_THAT(store::read_text(root.path() / "report/report.md"), ContainsSubstring("0 of 1 trial done (1 waiting)"));
}

TEST_CASE_METHOD(Fixture, "a second report removes the files of the first that it does not write, and no others") {
  sweep.complete();
  auto const baseline = "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 1.0 }\n";
  auto const out = root.path() / "report";
  auto const report = [&] { return collate(dir.string() + " --report " + out.string()).code; };
  write_text(dir / "sweep.toml", baseline);
  write_text(out / "tables/mine.tex", "mine");
  REQUIRE(report() == 0);
  REQUIRE(fs::exists(out / "tables/differences.tex"));
  REQUIRE(fs::exists(out / "figures/plots/sweep_differences.gp"));
  REQUIRE(fs::exists(out / "tables/cells.tex"));

  write_text(out / "tables/differences.csv", "edited");
  write_text(root.path() / "outside.tex", "");
  write_text(out / "files.csv", store::read_text(out / "files.csv") + "../outside.tex,cbf29ce484222325\n");
  write_text(dir / "sweep.toml", "[sweep]\n");
  REQUIRE(report() == 0);
  CHECK_FALSE(fs::exists(out / "tables/differences.tex"));
  CHECK_FALSE(fs::exists(out / "figures/plots/sweep_differences.gp"));
  CHECK(store::read_text(out / "tables/differences.csv") == "edited");
  CHECK(store::read_text(out / "tables/mine.tex") == "mine");
  CHECK(fs::exists(root.path() / "outside.tex"));
  CHECK(fs::exists(out / "tables/cells.tex"));
  CHECK(fs::exists(out / "report.html"));
}
