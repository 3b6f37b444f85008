#include "analysis/collate/program.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>

#include "store/csv.hpp"

// The real program on folders as a sweep leaves them.

using namespace mambasynth;
namespace dimension = analysis::dimension;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE_METHOD(Fixture, "a complete sweep") {
  sweep.complete();
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK(ran.err == "");
  CHECK_THAT(ran.out, ContainsSubstring("| train.gate_lr_factor |   n |     test MSE | ID layer 1 | seconds |\n"));
  // mean 10, sd sqrt(7), t(2) = 4.3027: half width 6.57
  CHECK_THAT(ran.out, ContainsSubstring("10.0 ± 6.6"));
  CHECK_THAT(ran.out, ContainsSubstring("|          7 * |") && !ContainsSubstring("± 0 ") &&
                          ContainsSubstring("Without ±: equal in all seeds"));
  CHECK_THAT(ran.out, ContainsSubstring("ID layer 1"));
  CHECK_THAT(ran.out, ContainsSubstring("6 trials in 2 cells: 6 done, 0 waiting, 0 failed, 0 diverged."));
  CHECK_THAT(ran.out, ContainsSubstring("table.csv"));
  CHECK_THAT(ran.out, ContainsSubstring("Controls of the intrinsic dimension (Levina-Bickel, original form, k = 30), "
                                        "mean over the done\ntrials of each "
                                        "seed, then over 3 seeds"));
  // Trained layer_1 differs by trial (38, 39, 43 and three times 37: over seeds 37.5, 38, 40), its controls do not.
  CHECK_THAT(
      ran.out,
      ContainsSubstring("|   Layer |    trained | untrained | shuffled features | noise-free signal | pure noise |\n"));
  CHECK_THAT(
      ran.out,
      ContainsSubstring("|   input |         31 |        31 |                51 |              31.5 |         48 |\n"));
  CHECK_THAT(
      ran.out,
      ContainsSubstring("| layer 1 | 38.5 ± 3.3 |        49 |                52 |                 – |          – |\n"));
  CHECK_THAT(
      ran.out,
      ContainsSubstring("|  output |         33 |        50 |                53 |                 – |          – |\n"));
  CHECK(longest_table_line(ran.out) <= 100);

  auto const rows = table(dir);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("train.gate_lr_factor") == "0.0");
  CHECK(rows[0].at("n") == "3");
  CHECK(std::stod(rows[0].at("test_mse_mean")) == Approx(10));
  CHECK(std::stod(rows[0].at("test_mse_sd")) == Approx(std::sqrt(7.0)));
  CHECK(std::stod(rows[0].at("test_mse_ci_low")) == Approx(10 - 4.302652729749464 * std::sqrt(7.0 / 3)));
  CHECK(std::stod(rows[0].at("test_mse_ci_high")) == Approx(10 + 4.302652729749464 * std::sqrt(7.0 / 3)));
  CHECK(rows[0].at("val_mse_mean") == "9");
  CHECK(rows[0].at("test_mse.h4_mean") == "11");
  CHECK(rows[0].at("levina_bickel_original.layer_1.k30_mean") == "40");
  CHECK(rows[0].at("seconds_mean") == "100");
  CHECK(rows[1].at("test_mse_sd") == "0");

  auto const header = store::csv::parse(store::read_text(dir / "table.csv"), "table.csv")[0];
  CHECK(std::vector(header.begin(), header.begin() + 9) ==
        std::vector<std::string>{"train.gate_lr_factor", "n", "n_missing", "n_failed", "n_diverged", "train_mse_mean",
                                 "train_mse_sd", "train_mse_ci_low", "train_mse_ci_high"});
}

TEST_CASE_METHOD(Fixture, "equal numbers deviate by nothing, whatever their mean is rounded to") {
  sweep.complete();
  for (auto const* id : {"b1", "b2", "b3"}) sweep.commit(id, 0.1);  // (0.1 + 0.1 + 0.1) / 3 is not 0.1
  CHECK_THAT(collate(dir.string()).out,
             ContainsSubstring(" 0.1 * |") && !ContainsSubstring("± 0 ") && !ContainsSubstring("± 0.0000"));
}

TEST_CASE_METHOD(Fixture, "without controls there is no table of them") {
  sweep.complete();
  for (auto const* id : {"a1", "a2", "a3", "b1", "b2", "b3"}) {
    auto trial = trial_of(id, 7);
    trial.evaluation.controls = {};
    sweep.commit(trial);
  }
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, !ContainsSubstring("Controls"));
}

TEST_CASE_METHOD(Fixture, "missing, failed and diverged trials are counted and never averaged") {
  sweep.commit("a1", 8);
  write_text(sweep.trial("a2") / "failure.json",
             R"({"state": "out_of_memory", "reason": "GPU 0 | 80 GiB full", "log": []})");
  auto diverged = trial_of("a3", 1e30);
  diverged.provenance.state = "diverged";
  sweep.commit(diverged);
  write_text(sweep.trial("b1") / "failure.json", R"({"state": "failed", "reason": "killed"})");
  write_text(sweep.trial("b2") / "failure.json", R"({"state": "preempted", "reason": "SIGTERM"})");
  auto const ran = collate(dir.string());
  CHECK(ran.code == 4);
  auto const rows = table(dir);
  CHECK(rows[0].at("n") == "1");
  CHECK(rows[0].at("n_missing") == "0");
  CHECK(rows[0].at("n_failed") == "1");
  CHECK(rows[0].at("n_diverged") == "1");
  CHECK(rows[0].at("test_mse_mean") == "8");
  for (auto const* part : {"_sd", "_ci_low", "_ci_high"}) CHECK(rows[0].at(std::string("test_mse") + part) == "");
  CHECK(rows[1].at("n") == "0");
  CHECK(rows[1].at("n_missing") == "2");
  CHECK(rows[1].at("n_failed") == "1");
  CHECK(rows[1].at("test_mse_mean") == "");
  CHECK_THAT(ran.out, ContainsSubstring("|      n |             not done |") &&
                          ContainsSubstring("| 1 of 3 | 1 diverged, 1 failed |") &&
                          ContainsSubstring("| 0 of 3 |  1 failed, 2 waiting |"));
  CHECK(longest_table_line(ran.out) <= 100);
  CHECK_THAT(ran.out, ContainsSubstring("failed, waiting"));
  CHECK_THAT(ran.out,
             ContainsSubstring("a2, train.gate_lr_factor = 0.0, seed 43: out_of_memory: GPU 0 \\| 80 GiB full"));
  CHECK_THAT(ran.out, ContainsSubstring("a3, train.gate_lr_factor = 0.0, seed 44: diverged"));
  CHECK_THAT(ran.out, !ContainsSubstring("nan") && !ContainsSubstring("e+30"));
}

TEST_CASE_METHOD(Fixture, "a damaged or foreign result counts as missing and is named") {
  sweep.complete();
  auto const damaged = sweep.trial("a2") / "trial.h5";
  fs::resize_file(damaged, fs::file_size(damaged) / 3);
  fs::copy_file(sweep.trial("a1") / "trial.h5", sweep.trial("b3") / "trial.h5", fs::copy_options::overwrite_existing);
  write_text(sweep.trial("b1") / "trial.h5", "not HDF5 at all");
  auto const ran = collate(dir.string());
  CHECK(ran.code == 4);
  CHECK_THAT(ran.err, ContainsSubstring(damaged.string()));
  CHECK_THAT(ran.err, ContainsSubstring("trials/b1/trial.h5"));
  CHECK_THAT(ran.err, ContainsSubstring("its id is a1, the plan says b3"));
  auto const rows = table(dir);
  CHECK(rows[0].at("n_missing") == "1");
  CHECK(rows[0].at("test_mse_mean") == "10.5");
  CHECK(rows[1].at("n_missing") == "2");
}

TEST_CASE_METHOD(Fixture, "two code versions in one table are refused unless asked for") {
  sweep.complete();
  auto other = trial_of("b2", 7);
  SECTION("another commit") { other.provenance.git_commit = "2222222222222222222222222222222222222222"; }
  SECTION("uncommitted changes") { other.provenance.git_dirty = true; }
  sweep.commit(other);
  auto const refused = collate(dir.string());
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("2 code versions in one table"));
  CHECK_THAT(refused.err,
             ContainsSubstring("1111111111111111111111111111111111111111 in trials a1, a2, a3, b1 and 1 more"));
  CHECK_THAT(refused.err, ContainsSubstring("in trial b2"));
  CHECK_THAT(refused.err, ContainsSubstring("--allow-mixed code"));
  CHECK(refused.out == "");
  CHECK_FALSE(fs::exists(dir / "table.csv"));
  CHECK(collate("--allow-mixed data,device " + dir.string()).code == 2);
  auto const allowed = collate(dir.string() + " --allow-mixed code");
  CHECK(allowed.code == 0);
  CHECK_THAT(allowed.out, ContainsSubstring("MIXED code"));
}

TEST_CASE_METHOD(Fixture, "everything that is mixed is told at once") {
  sweep.complete();
  auto other = trial_of("b2", 7);
  other.provenance.git_dirty = true;
  other.provenance.device = "NVIDIA H100 80GB HBM3";
  other.provenance.data_hash = "d2";
  sweep.commit(other);
  auto const refused = collate(dir.string());
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("2 code versions, 2 data sets, 2 kinds of device in one table (") &&
                              ContainsSubstring("--allow-mixed code,data,device."));
  auto const allowed = collate(dir.string() + " --allow-mixed code,data,device");
  CHECK(allowed.code == 0);
  CHECK_THAT(allowed.out, !ContainsSubstring("Seeds share one test series"));
}

TEST_CASE_METHOD(Fixture, "two devices, and two data sets, are refused unless asked for") {
  sweep.complete();
  auto other = trial_of("b2", 7);
  other.provenance.device = "NVIDIA H100 80GB HBM3";
  sweep.commit(other);
  auto const devices = collate(dir.string());
  CHECK(devices.code == 2);
  CHECK_THAT(devices.err,
             ContainsSubstring("cpu in trials a1") && ContainsSubstring("NVIDIA H100 80GB HBM3 in trial b2"));
  CHECK(collate("--allow-mixed device -- " + dir.string()).code == 0);

  other.provenance.device = "cpu";
  other.provenance.data_hash = "beef";
  sweep.commit(other);
  auto const data = collate(dir.string());
  CHECK(data.code == 2);
  CHECK_THAT(data.err, ContainsSubstring("2 data sets") && ContainsSubstring("beef in trial b2"));
  CHECK(collate("--allow-mixed code,data,device " + dir.string()).code == 0);
}

TEST_CASE_METHOD(Fixture, "an axis over the data is not a mixture of data") {
  write_text(dir / "plan.csv", "id,data.n_steps,seed,cost\na1,1000,42,1\nb1,2000,42,1\n");
  sweep.commit("a1", 8);
  auto other = trial_of("b1", 7);
  other.provenance.data_hash = "beef";
  sweep.commit(other);
  CHECK(collate(dir.string()).code == 0);
}

TEST_CASE_METHOD(Fixture, "several folders: cells merge, a trial counts once") {
  sweep.complete();
  fs::remove_all(sweep.trial("b3"));
  auto const more = root.path() / "more seeds";
  Sweep const second(more);
  write_text(more / "plan.csv",
             "id,train.gate_lr_factor,seed,cost\na1,0.0,42,1\nb3,1.0,44,1\nc1,0.0,45,1\nd1,0.5,42,1\n");
  second.commit("a1", 8);
  second.commit("b3", 10);
  second.commit("c1", 14);
  second.commit("d1", 5);
  auto const ran = collate(dir.string() + " '" + more.string() + "' --out " + (root.path() / "new" / "out").string());
  CHECK(ran.code == 0);
  CHECK_FALSE(fs::exists(dir / "table.csv"));
  auto const rows = table(root.path() / "new" / "out");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("n") == "4");
  CHECK(rows[0].at("test_mse_mean") == "11");
  CHECK(rows[1].at("n") == "3");
  CHECK(rows[1].at("test_mse_mean") == "8");
  CHECK(rows[2].at("train.gate_lr_factor") == "0.5");
  CHECK(rows[2].at("n") == "1");
}

TEST_CASE_METHOD(Fixture, "the same cell and seed under two configurations is said aloud") {
  sweep.complete();
  auto const other = root.path() / "other";
  Sweep const second(other);
  write_text(other / "plan.csv", "id,train.gate_lr_factor,seed,cost\nz1,0.0,42,1\n");
  second.commit("z1", 20);
  auto const ran = collate(dir.string() + " " + other.string());
  CHECK(ran.code == 0);
  // Seed 42: (8 + 20) / 2, then 9 and 13: three values, not four.
  auto const row = table(dir)[0];
  CHECK(row.at("n") == "4");
  CHECK(row.at("test_mse_mean") == "12");
  CHECK(std::stod(row.at("test_mse_sd")) == Approx(std::sqrt(7.0)));
  CHECK_THAT(ran.err, ContainsSubstring("seed 42: trials a1 and z1 count as one, by their mean"));
}

TEST_CASE_METHOD(Fixture, "trials outside a sweep are one row each") {
  auto const one = root.path() / "one";
  auto const two = root.path() / "two";
  analysis::trial_file::write_trial(one / "trial.h5", trial_of("0123456789ab", 8));
  analysis::trial_file::write_trial(two / "trial.h5", trial_of("ba9876543210", 9));
  auto const ran = collate(one.string() + " " + two.string());
  CHECK(ran.code == 0);
  auto const rows = table(one);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("trial") == "0123456789ab");
  CHECK(rows[0].at("n") == "1");
  CHECK(rows[0].at("test_mse_mean") == "8");
  CHECK(rows[0].at("test_mse_sd") == "");
  CHECK(rows[1].at("test_mse_mean") == "9");
}

TEST_CASE_METHOD(Fixture, "a measure that a trial lacks is averaged over the others, and said") {
  sweep.complete();
  auto degenerate = trial_of("a2", 9);
  degenerate.evaluation.measures.dimension[1][dimension::levina_bickel_original][1].value = std::nan("");
  sweep.commit(degenerate);
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK_THAT(ran.err, ContainsSubstring("levina_bickel_original.layer_1.k30 (2)"));
  CHECK(table(dir)[0].at("levina_bickel_original.layer_1.k30_mean") == "40.5");
}

TEST_CASE_METHOD(Fixture, "horizons that only some cells have leave the others empty") {
  write_text(dir / "plan.csv", "id,model.max_horizon,seed,cost\na1,1,42,1\nb1,4,42,1\n");
  auto shorter = trial_of("a1", 8);
  shorter.horizon = {
      .horizon = {1}, .val_mse = {7}, .test_mse = {8}, .bayes_mse = {}, .excess_mse = {}, .val_bayes_mse = {}};
  sweep.commit(shorter);
  sweep.commit("b1", 7);
  CHECK(collate(dir.string()).code == 0);
  auto const rows = table(dir);
  CHECK(rows[0].at("test_mse.h4_mean") == "");
  CHECK(rows[1].at("test_mse.h4_mean") == "8");
  auto const header = store::csv::parse(store::read_text(dir / "table.csv"), "table.csv")[0];
  auto const at = [&](std::string const& name) {
    return std::find(header.begin(), header.end(), name) - header.begin();
  };
  CHECK(at("val_mse.h4_mean") == at("val_mse.h1_mean") + 4);
}

TEST_CASE_METHOD(Fixture, "without any readable trial the code is 3") {
  SECTION("nothing has run") {
    auto const ran = collate(dir.string());
    CHECK(ran.code == 3);
    CHECK_THAT(ran.err, ContainsSubstring("no readable trial"));
    CHECK_THAT(ran.out, ContainsSubstring("6 waiting"));
  }
  SECTION("an empty folder") {
    fs::create_directories(root.path() / "empty");
    auto const ran = collate((root.path() / "empty").string());
    CHECK(ran.code == 3);
    CHECK_THAT(ran.err, ContainsSubstring("neither plan.csv nor trial.h5"));
  }
  SECTION("a plan that is none") {
    write_text(dir / "plan.csv", "id,train.gate_lr_factor,seed,cost\na1,0.0,42\n");
    auto const ran = collate(dir.string());
    CHECK(ran.code == 3);
    CHECK_THAT(ran.err, ContainsSubstring("record 2 has 3 fields, the header 4"));
  }
}

TEST_CASE_METHOD(Fixture, "wrong usage is code 2, a folder that is not there 3, in words") {
  CHECK(collate("").code == 2);
  CHECK(collate((root.path() / "nowhere").string()).code == 3);
  auto const typo = collate("--fromat md " + dir.string());
  CHECK(typo.code == 2);
  CHECK_THAT(typo.err, ContainsSubstring("'--format' was meant"));
  auto const word = collate("--allow-mixed cod " + dir.string());
  CHECK(word.code == 2);
  CHECK_THAT(word.err, ContainsSubstring("'code' was meant"));
  CHECK(collate("--format pdf " + dir.string()).code == 2);
}

TEST_CASE_METHOD(Fixture, "the flag --format chooses what is written") {
  sweep.complete();
  auto const markdown = collate("--format md " + dir.string());
  CHECK(markdown.code == 0);
  CHECK_FALSE(fs::exists(dir / "table.csv"));
  CHECK_THAT(markdown.out, !ContainsSubstring("table.csv"));
  auto const csv = collate(dir.string() + " --format csv");
  CHECK(csv.code == 0);
  CHECK(csv.out == "");
  CHECK(fs::exists(dir / "table.csv"));
}

TEST_CASE_METHOD(Fixture, "the flag --figures draws beside the table, and says nothing else") {
  sweep.complete();
  auto const plain = collate(dir.string());
  CHECK_FALSE(fs::exists(dir / "plots/sweep_dimension.gp"));
  auto const drawn = collate(dir.string() + " --figures");
  CHECK(drawn.code == 0);
  CHECK(drawn.out == plain.out);
  for (auto const* name : {"sweep_dimension", "sweep_errors", "sweep_training"})
    CHECK(fs::exists(dir / "plots" / (std::string(name) + ".gp")));
  CHECK(drawn.err.empty() == fs::exists(dir / "sweep_dimension.pdf"));
  CHECK(collate(dir.string() + " --figurs").code == 2);
}

TEST_CASE_METHOD(Fixture, "without gnuplot --figures leaves scripts, data and one note") {
  sweep.complete();
  auto const out = root.path() / "figures";
  auto const ran =
      collate.shell("PATH=/nonexistent " MAMBASYNTH_COLLATE " --figures --out " + out.string() + " " + dir.string());
  CHECK(ran.code == 0);
  CHECK_THAT(ran.err, ContainsSubstring("install gnuplot"));
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK_THAT(ran.out, ContainsSubstring("6 done"));
  CHECK(fs::exists(out / "plots/sweep_training_val_mse.dat"));
  CHECK(fs::exists(out / "table.csv"));
  CHECK_FALSE(fs::exists(out / "sweep_training.svg"));
}

TEST_CASE_METHOD(Fixture, "the flags --help and --version need no folder") {
  auto const help = collate("--help");
  CHECK(help.code == 0);
  CHECK_THAT(help.out, ContainsSubstring("--allow-mixed") && ContainsSubstring("--measure NAME,...") &&
                           ContainsSubstring("Exit codes"));
  auto const version = collate("--version");
  CHECK(version.code == 0);
  CHECK_THAT(version.out,
             ContainsSubstring("commit ") && ContainsSubstring("build type ") && ContainsSubstring("HDF5 1."));
}

TEST_CASE_METHOD(Fixture, "a reader that goes away is not an error; a full disk is") {
  sweep.complete();
  auto const gone = collate.shell("{ " MAMBASYNTH_COLLATE " " + dir.string() + "; echo code $? >&2; } | true");
  CHECK(gone.err == "code 0\n");
  CHECK(fs::exists(dir / "table.csv"));
  auto const full = collate.shell(MAMBASYNTH_COLLATE " " + dir.string() + " >/dev/full");
  CHECK(full.code == 1);
  CHECK_THAT(full.err, ContainsSubstring("No space left on device"));
}

TEST_CASE_METHOD(Fixture, "an OUT that cannot be written is code 1 after the table") {
  sweep.complete();
  write_text(root.path() / "file", "in the way");
  auto const ran = collate(dir.string() + " --out " + (root.path() / "file").string());
  CHECK(ran.code == 1);
  CHECK_THAT(ran.err, ContainsSubstring((root.path() / "file").string()));
  CHECK_THAT(ran.out, ContainsSubstring("6 done") && !ContainsSubstring("table.csv"));
}
