#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "analysis/collate/program.hpp"
#include "store/csv.hpp"

// What the table on the terminal shows, and how wide it is.

using namespace mambasynth;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

TEST_CASE_METHOD(Fixture, "the flag --measure chooses columns by their names in table.csv, at any width") {
  sweep.complete();
  auto const before = collate(dir.string());
  auto const all = store::csv::parse(store::read_text(dir / "table.csv"), "table.csv")[0];
  auto const ran = collate(dir.string() + " --measure val_mse,test_mse.h4,val_mse");
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("| train.gate_lr_factor |   n |     val_mse |  test_mse.h4 |\n"));
  CHECK_THAT(ran.out, ContainsSubstring("|                  0.0 |   3 | 9.0 ± 6.6 † | 11.0 ± 6.6 † |\n"));
  CHECK(store::csv::parse(store::read_text(dir / "table.csv"), "table.csv")[0] == all);

  auto const wide = collate(dir.string() +
                            " --measure test_mse,levina_bickel_original.layer_1.k10,levina_bickel_original.layer_1.k30,"
                            "levina_bickel_original.layer_1.k100,mackay_ghahramani.output.k30");
  CHECK(wide.code == 0);
  CHECK(longest_table_line(wide.out) > 100);
  CHECK_THAT(wide.out, ContainsSubstring("| mackay_ghahramani.output.k30 |\n") && !ContainsSubstring("Left out"));
}

TEST_CASE_METHOD(Fixture, "a measure that no trial has is code 2 with the nearest name, and nothing is written") {
  sweep.complete();
  for (auto const& [asked, meant] :
       {std::pair{"tset_mse", "test_mse"}, {"test_mse_mean", "test_mse"}, {"test_mse,secands", "seconds"}}) {
    auto const ran = collate(dir.string() + " --measure " + asked);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, ContainsSubstring("--measure does not know") &&
                            ContainsSubstring("'" + std::string(meant) + "' was meant"));
    CHECK(ran.out == "");
  }
  auto const strange = collate(dir.string() + " --measure zzzzzzzzzzzzzzzz");
  CHECK(strange.code == 2);
  CHECK_THAT(strange.err, ContainsSubstring("columns of table.csv"));
  CHECK(collate(dir.string() + " --measure ,").code == 2);
  CHECK_FALSE(fs::exists(dir / "table.csv"));
}

TEST_CASE_METHOD(Fixture, "a table too wide for a terminal leaves measures out from the right and says so") {
  std::string const first = "a_section_with_a_name.and_a_long_key_of_thirty_chars",
                    second = "another_section.and_another_key_of_33_letters";
  write_text(dir / "plan.csv",
             "id," + first + "," + second + ",seed,cost\na1,0.0,1,42,1\na2,0.0,1,43,1\nb1,1.0,1,42,1\nb2,1.0,1,43,1\n");
  for (auto const* id : {"a1", "a2", "b1", "b2"}) sweep.commit(id, id[1] == '1' ? 8 : 9);
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK(longest_table_line(ran.out) <= 100);
  CHECK_THAT(ran.out, ContainsSubstring("| and_a_long_key_of_thirty_chars | and_another_key_of_33_letters |   n |") &&
                          ContainsSubstring("|    test MSE | ID layer 1 |\n") && !ContainsSubstring("| seconds"));
  CHECK_THAT(ran.out, ContainsSubstring("Left out for its width: seconds (--measure seconds shows it)."));
  CHECK(table(dir)[0].contains(first));
  CHECK_THAT(collate(dir.string() + " --measure seconds").out,
             ContainsSubstring(first) && ContainsSubstring("| seconds |\n"));
}

TEST_CASE_METHOD(Fixture, "long values are shortened, and axes that do not fit at all are counted") {
  auto const path = "/a/folder/" + std::string(120, 'x') + "/recording";
  SECTION("one long axis") {
    write_text(dir / "plan.csv", "id,data.path,seed,cost\na1," + path + "_1.npy,42,1\nb1," + path + "_2.npy,42,1\n");
    sweep.commit("a1", 8);
    sweep.commit("b1", 7);
    auto const ran = collate(dir.string());
    CHECK(longest_table_line(ran.out) <= 100);
    CHECK_THAT(ran.out, ContainsSubstring("| ..xxx") && ContainsSubstring("/recording_1.npy |") &&
                            ContainsSubstring("| test MSE |"));
    CHECK_THAT(ran.out, ContainsSubstring("Axes are shortened (table.csv holds them whole)."));
    CHECK(table(dir)[0].at("data.path") == path + "_1.npy");
  }
  SECTION("many axes") {
    std::string header = "id", values;
    for (int axis = 0; axis < 30; ++axis)
      header += ",model.key_" + std::to_string(axis), values += ",value_" + std::to_string(axis);
    write_text(dir / "plan.csv", header + ",seed,cost\na1" + values + ",42,1\n");
    sweep.commit("a1", 8);
    auto const ran = collate(dir.string());
    CHECK(longest_table_line(ran.out) <= 100);
    CHECK_THAT(ran.out, ContainsSubstring("of 30 axes (table.csv holds all)") && ContainsSubstring("| test MSE |"));
    CHECK(table(dir)[0].at("model.key_29") == "value_29");
  }
}

TEST_CASE_METHOD(Fixture, "the dimension shown is that of each cell's own last layer") {
  write_text(dir / "plan.csv", "id,model.n_layers,seed,cost\na1,1,42,1\nb1,2,42,1\n");
  sweep.commit("a1", 8);
  auto deeper = trial_of("b1", 7);
  deeper.evaluation.measures.layers = {"input", "layer_1", "layer_2", "output"};
  deeper.evaluation.measures.dimension = {dimension_at(1), dimension_at(2), dimension_at(4), dimension_at(3)};
  deeper.evaluation.measures.activation.push_back({2, 4, 8});
  deeper.evaluation.controls = {};
  sweep.commit(deeper);
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("| ID last layer |"));
  CHECK_THAT(ran.out,
             ContainsSubstring("|            38 |     100 |\n") && ContainsSubstring("|            34 |     100 |\n"));
}

TEST_CASE_METHOD(Fixture, "the excess is set beside the optimum that all cells share") {
  for (auto const* id : {"a1", "a2", "a3", "b1", "b2", "b3"}) {
    auto trial = trial_of(id, id[0] == 'a' ? 9 : 8);
    trial.horizon.bayes_mse = {7.25, 7.5};
    trial.horizon.excess_mse = {trial.test_mse - 7.25, trial.test_mse - 6.5};
    sweep.commit(trial);
  }
  auto const ran = collate(dir.string());
  CHECK_THAT(ran.out, ContainsSubstring("| excess MSE h1 |") && ContainsSubstring("|        1.75   |") &&
                          ContainsSubstring("|        0.75 * |") && ContainsSubstring("(Bayes optimum,\n  7.25)"));
  auto other = trial_of("b3", 8);
  other.horizon.bayes_mse = {6, 7};
  other.horizon.excess_mse = {2, 2};
  sweep.commit(other);
  CHECK_THAT(collate(dir.string()).out, ContainsSubstring("(Bayes optimum)."));
}
