#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "analysis/collate/configuration.hpp"
#include "analysis/collate/program.hpp"

// Trials of different experiments are never averaged unasked, and equal values are one cell.

using namespace mambasynth;
namespace dimension = analysis::dimension;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Case {
  std::string what, first, second;
  std::string key;  ///< that tells the two folders apart; empty where nothing does
};

void configure(analysis::trial_file::TrialResult& trial, std::string const& configuration) {
  for (auto& [name, value] : trial.provenance.more)
    if (name == "configuration") value = configuration;
}

/// A folder of one trial in the cell of factor 1.0.
void one_trial(fs::path const& folder, std::string const& id, std::string const& seed, double test_mse,
               std::string const& configuration) {
  Sweep const sweep(folder);
  write_text(folder / "plan.csv", "id,train.gate_lr_factor,seed,cost\n" + id + ",1.0," + seed + ",1\n");
  auto trial = trial_of(id, test_mse);
  configure(trial, configuration);
  sweep.commit(trial);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "what differs between folders and is not an axis becomes a column") {
  auto const tried = std::vector<Case>{
      {"a number", "[train]\nepochs = 100\n", "[train]\nepochs = 200\n", "train.epochs"},
      {"a word", "[train]\nsplit = \"blocked\"\n", "[train]\nsplit = \"random\"\n", "train.split"},
      {"a key that an older trial lacks, not at its default", "[train]\nepochs = 2\n",
       "[train]\nepochs = 2\naug_noise = 0.5\n", "train.aug_noise"},
      {"the same at its default", "[train]\nepochs = 2\n", "[train]\nepochs = 2\naug_noise = 0.0\n", ""},
      {"a default that has changed between versions", "[train]\ntest_every = 5\n", "[train]\ntest_every = 10\n",
       "train.test_every"},
      {"the rows that are measured", "[evaluate]\nlb_points = 500\n", "[evaluate]\nlb_points = 2000\n",
       "evaluate.lb_points"},
      {"the test series", "[data]\nseed = 42\ntest_path_seed = 43\n", "[data]\nseed = 42\ntest_path_seed = 7\n",
       "data.test_path_seed"},
      {"what the path seed implies", "[data]\nseed = 42\npath_seed = 42\ntest_path_seed = 43\n", "[data]\nseed = 42\n",
       ""},
      {"a key of a version to come", "[train]\nepochs = 2\n", "[train]\nepochs = 2\nnew_loss = 1\n", "train.new_loss"},
      {"one value in two forms", "[train]\nlr = 1e-3\n", "[train]\nlr = 0.001\n", ""},
      {"what changes no number", "[data]\npath = \"a\"\n[train]\nresume_every = 1.0\n[evaluate]\nactivations = true\n",
       "[train]\nresume_every = 60.0\n", ""},
      {"the seed itself", "[train]\nseed = 1\n", "[train]\nseed = 2\n", ""},
  };
  for (auto const& [what, first, second, key] : tried) {
    INFO(what);
    auto const a = root.path() / "a", b = root.path() / "b";
    one_trial(a, "a1", "1", 8, first);
    one_trial(b, "b1", "2", 10, second);
    auto const ran = collate(a.string() + " " + b.string());
    CHECK(ran.code == 0);
    auto const rows = table(a);
    if (key.empty()) {
      REQUIRE(rows.size() == 1);
      CHECK(rows[0].at("n") == "2");
      CHECK(ran.err == "");
      continue;
    }
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].at("test_mse_mean") == "8");
    CHECK(rows[1].at("test_mse_mean") == "10");
    CHECK(rows[0].contains(key));
    CHECK_THAT(ran.err, ContainsSubstring(key + " (") && ContainsSubstring("in " + a.string()) &&
                            ContainsSubstring("in " + b.string()) && ContainsSubstring("--allow-mixed configuration"));
    auto const asked = collate("--allow-mixed configuration " + a.string() + " " + b.string());
    CHECK(asked.code == 0);
    CHECK_THAT(asked.err, ContainsSubstring(key + " ("));
    REQUIRE(table(a).size() == 1);
    CHECK(table(a)[0].at("test_mse_mean") == "9");
  }
}

TEST_CASE_METHOD(Fixture,
                 "one folder whose trials were measured differently is told apart, too, with what has not run") {
  sweep.complete();
  auto other = trial_of("a2", 9);
  configure(other, "[train]\nepochs = 2\n[evaluate]\nprobe_points = 100\n");
  sweep.commit(other);
  fs::remove_all(sweep.trial("b3"));
  write_text(dir / "sweep.toml", "[sweep]\nname = \"s\"\n\n[train]\nepochs = 2\n\n[evaluate]\nprobe_points = 5000\n");
  auto const ran = collate(dir.string());
  CHECK(ran.code == 4);
  CHECK_THAT(ran.err,
             ContainsSubstring("evaluate.probe_points (5000 in " + dir.string() + "; 100 in " + dir.string() + ")"));
  auto const rows = table(dir);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("n") == "2");
  CHECK(rows[1].at("evaluate.probe_points") == "100");
  CHECK(rows[2].at("n_missing") == "1");
}

TEST_CASE_METHOD(Fixture, "a sweep without another's axis has its value all the same") {
  auto const other = root.path() / "other";
  one_trial(dir, "a1", "42", 8, "[model]\nd_state = 16\n[train]\ngate_lr_factor = 1.0\n");
  Sweep const second(other);
  write_text(other / "plan.csv", "id,model.d_state,seed,cost\nb1,16,43,1\nb2,8,43,1\n");
  for (auto const* id : {"b1", "b2"}) {
    auto trial = trial_of(id, 10);
    configure(trial, std::string("[model]\nd_state = ") + (id == std::string("b1") ? "16" : "8") +
                         "\n[train]\ngate_lr_factor = 1.0\n");
    second.commit(trial);
  }
  CHECK(collate(dir.string() + " " + other.string()).code == 0);
  auto const rows = table(dir);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("n") == "2");
  CHECK(rows[0].at("model.d_state") == "16");
  CHECK(rows[1].at("train.gate_lr_factor") == "1.0");
}

TEST_CASE_METHOD(Fixture, "cells and seeds are compared by value") {
  struct Compared {
    std::string key, first, second;
    std::size_t rows;
  };
  auto const tried = std::vector<Compared>{
      {"train.lr", "1.0", "1", 1},
      {"train.lr", "1e0", "1.0", 1},
      {"train.lr", "0.1", "0.10000000000000001", 1},
      {"train.lr", "-0.0", "0", 1},
      {"train.lr", "0.1", "0.1000000000000001", 2},
      {"train.lr", "1000000000.00000001", "1000000000", 1},  // one double
      {"data.n_steps", "9007199254740993", "9007199254740992", 2},
      {"train.freeze_a", "true", "false", 2},
      {"oracle.horizons", "\"[1, 8]\"", "\"[1,8]\"", 1},
      {"oracle.horizons", "\"[1, 8]\"", "\"[1, 16]\"", 2},
      {"train.split", "blocked", "random", 2},
      {"data.path", "1.0", "1", 2},  // names, not numbers
      {"train.of_another_version", "2e3", "2000", 1},
      {"train.of_another_version", "9007199254740993", "9007199254740992", 2},
      {"train.of_another_version", "true", "1", 2},
  };
  for (auto const& [key, first, second, expected] : tried) {
    INFO(key << ": " << first << " and " << second);
    write_text(dir / "plan.csv", "id," + key + ",seed,cost\na1," + first + ",42,1\na2," + second + ",43,1\n");
    sweep.commit("a1", 8);
    sweep.commit("a2", 8);
    CHECK(collate(dir.string()).code == 0);
    CHECK(table(dir).size() == expected);
  }
  // Names of trials are not numbers.
  CHECK(analysis::collate::canonical_of("trial", "001e00000000") == "001e00000000");
}

TEST_CASE_METHOD(Fixture, "seeds that are one to the generators count once") {
  write_text(dir / "plan.csv", "id,train.gate_lr_factor,seed,cost\na1,0.0,7,1\na2,0.0,4294967303,1\n");
  sweep.commit("a1", 8);
  sweep.commit("a2", 8);
  auto const ran = collate(dir.string());
  CHECK_THAT(ran.err, ContainsSubstring("seed 4294967303: trials a1 and a2 count as one") &&
                          ContainsSubstring("seed 7 gives the same random numbers"));
  CHECK(table(dir)[0].at("test_mse_sd") == "");
}

TEST_CASE_METHOD(Fixture, "a part of a sweep that was not named is missed") {
  auto const one = root.path() / "part_1", two = root.path() / "part_2";
  one_trial(one, "a1", "1", 8, "[train]\nepochs = 2\n");
  one_trial(two, "a2", "2", 10, "[train]\nepochs = 2\n");
  write_text(one / "sweep.toml", "# part 1 of 2\n[train]\nepochs = 2\n");
  write_text(two / "sweep.toml", "# part 2 of 2\n[train]\nepochs = 2\n");
  auto const half = collate(one.string());
  CHECK(half.code == 4);
  CHECK_THAT(half.err, ContainsSubstring("of a sweep in 2 parts, part 2 is not there"));
  auto const whole = collate(one.string() + " " + two.string());
  CHECK(whole.code == 0);
  CHECK(whole.err == "");
  write_text(one / "sweep.toml", "# part 1 of 9223372036854775807\n[train]\nepochs = 2\n");
  CHECK_THAT(collate(one.string()).err,
             ContainsSubstring("parts 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 9223372036854775796 more are not there"));
}

TEST_CASE_METHOD(Fixture, "two results of one trial, and computers that differ, are said") {
  auto const other = root.path() / "other";
  one_trial(dir, "a1", "1", 8, "[train]\nepochs = 2\n");
  one_trial(other, "a1", "1", 9, "[train]\nepochs = 2\n");
  auto const ran = collate(dir.string() + " " + other.string());
  CHECK_THAT(ran.err,
             ContainsSubstring("trial a1 has different results in " + dir.string() + " and " + other.string()));
  CHECK(table(dir)[0].at("test_mse_mean") == "8");

  auto trial = trial_of("a1", 8);
  trial.provenance.more.emplace_back("gpu_name", "NVIDIA A100");
  sweep.commit(trial);
  one_trial(other, "a2", "2", 9, "[train]\nepochs = 2\n");
  trial = trial_of("a2", 8);
  trial.provenance.more.emplace_back("gpu_name", "NVIDIA H200");
  Sweep(root.path() / "unused").commit(trial);
  fs::copy_file(root.path() / "unused/trials/a2/trial.h5", other / "trials/a2/trial.h5",
                fs::copy_options::overwrite_existing);
  CHECK_THAT(
      collate(dir.string() + " " + other.string()).err,
      ContainsSubstring("gpu_name (NVIDIA A100 in " + dir.string() + "; NVIDIA H200 in " + other.string() + ")"));
}

TEST_CASE_METHOD(Fixture, "a cell without a number says which measure, and is a gap where the table shows it") {
  struct Gap {
    std::string measure;
    void (*remove)(analysis::trial_file::TrialResult&);
    int code;
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  auto const tried = std::vector<Gap>{
      {"test_mse", [](auto& trial) { trial.test_mse = nan; }, 4},
      {"val_mse", [](auto& trial) { trial.val_mse = nan; }, 4},
      {"train_mse", [](auto& trial) { trial.train_mse = infinity; }, 4},
      {"levina_bickel_original.layer_1.k30",
       [](auto& trial) { trial.evaluation.measures.dimension[1][dimension::levina_bickel_original][1].value = nan; },
       4},
      {"two_nn_ml.layer_1",
       [](auto& trial) { trial.evaluation.measures.dimension[1][dimension::two_nn_ml][0].value = nan; }, 0},
      {"test_mse.h4", [](auto& trial) { trial.horizon.test_mse[1] = nan; }, 0},
  };
  for (bool const alone : {true, false})
    for (auto const& [measure, remove, code] : tried) {
      INFO(measure << (alone ? " in the only cell" : ""));
      write_text(dir / "plan.csv",
                 std::string("id,train.gate_lr_factor,seed,cost\na1,0.0,42,1\n") + (alone ? "" : "b1,1.0,42,1\n"));
      sweep.commit("b1", 7);
      auto trial = trial_of("a1", 8);
      remove(trial);
      sweep.commit(trial);
      auto const ran = collate(dir.string());
      CHECK(ran.code == code);
      CHECK_THAT(ran.err, ContainsSubstring("train.gate_lr_factor = 0.0: its only trial has no number of " + measure));
      CHECK(table(dir)[0].at(measure + "_mean") == "");
      CHECK(collate("--measure " + measure + " " + dir.string()).code == 4);
    }
}

TEST_CASE_METHOD(Fixture, "what one cell has and another never measured is said") {
  sweep.complete();
  for (auto const* id : {"a1", "a2", "a3"}) {
    auto trial = trial_of(id, 8);
    trial.evaluation.measures.activation.clear();
    trial.evaluation.controls = {};
    sweep.commit(trial);
  }
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK_THAT(ran.err, ContainsSubstring(
                          "train.gate_lr_factor = 0.0: activation_mean, activation_std, participation_ratio and ") &&
                          ContainsSubstring("were not measured, other cells have them"));
}
