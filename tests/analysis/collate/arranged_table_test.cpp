#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "analysis/collate/chosen_measures.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/collate/program.hpp"
#include "analysis/collate/where.hpp"
#include "errors/errors.hpp"

// Which trials, measures, rows, columns and formats users can ask for.

using namespace mambasynth;
using namespace mambasynth::tests;
using namespace mambasynth::analysis::collate;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The values of the first column of the first table.
std::vector<std::string> first_column(std::string const& text) {
  std::vector<std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with("|");) {
    auto const end = line.find(" |", 1);
    auto const value = line.substr(1, end - 1);
    values.push_back(value.substr(std::min(value.find_first_not_of(' '), value.size())));
  }
  values.erase(values.begin(), values.begin() + std::min<std::ptrdiff_t>(2, std::ssize(values)));
  return values;
}

}  // namespace

TEST_CASE("a condition compares numbers as numbers and everything else as text") {
  CHECK(holds(Comparison::less_or_equal, "1e-2", "0.1"));
  CHECK(holds(Comparison::equal, "1.0", "1"));
  CHECK(holds(Comparison::greater, "10", "9"));
  CHECK(holds(Comparison::less, "10", "9a"));
  CHECK(holds(Comparison::unequal, "group", "global"));
  CHECK_FALSE(holds(Comparison::equal, "", "0"));
  CHECK_FALSE(parsed_number("1 "));
  CHECK_FALSE(parsed_number("nan"));
}

TEST_CASE("conditions are read up to their quotes and ands") {
  auto const read = parse_where(" a.b<=0.1 and c != 'x and y'  and d>\"e'f\"");
  REQUIRE(read.size() == 3);
  CHECK(read[0].key == "a.b");
  CHECK(read[0].comparison == Comparison::less_or_equal);
  CHECK(read[0].value == "0.1");
  CHECK(read[1].value == "x and y");
  CHECK(read[1].comparison == Comparison::unequal);
  CHECK(read[2].value == "e'f");
  for (auto const* wrong : {"", "a", "a<", "<1", "a=1 b=2", "a=1 or b=2", "a='x", "a=1 and"})
    CHECK_THROWS_AS(parse_where(wrong), errors::Error);
}

TEST_CASE("a star in the name of a measure stands for anything") {
  CHECK(matches("levina_bickel.layer_3.k30", "levina_bickel.*.k30"));
  CHECK(matches("abc", "*"));
  CHECK(matches("aXbXc", "a*b*c"));
  CHECK(matches("abab", "*ab"));
  CHECK_FALSE(matches("levina_bickel.layer_3.k300", "levina_bickel.*.k30"));
  CHECK_FALSE(matches("ab", "a*bc"));
}

TEST_CASE_METHOD(Fixture, "the flag --where chooses trials for all files") {
  sweep.complete();
  auto const ran = collate(dir.string() + " --where 'gate_lr_factor<0.5 and seed!=44' --where 'state=done'");
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("2 trials in 1 cell: 2 done"));
  auto const rows = table(dir);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("n") == "2");
  CHECK(rows[0].at("test_mse_mean") == "8.5");
  CHECK(table(dir)[0].at("train.gate_lr_factor") == "0.0");
  CHECK(collate(dir.string() + " --where epochs=2").code == 0);  // a key of the configuration
}

TEST_CASE_METHOD(Fixture, "a condition that cannot hold or be read is code 2, and nothing is written") {
  sweep.complete();
  for (auto const& [expression, why] : {std::pair{"gate_lr_facto=1", "Perhaps 'gate_lr_factor' was meant"},
                                        {"gate_lr_factor>7", "no trial of 6 meets all conditions"},
                                        {"seed", "after the key stands one of"},
                                        {"layer=layer_9", "no measure of"}}) {
    auto const ran = collate(dir.string() + " --where '" + expression + "'");
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, ContainsSubstring("--where") && ContainsSubstring(why));
    CHECK(ran.out == "");
  }
  CHECK_FALSE(fs::exists(dir / "table.csv"));
}

TEST_CASE_METHOD(Fixture, "patterns and conditions on measures choose columns") {
  sweep.complete();
  auto const starred = collate(dir.string() + " --measure 'levina_bickel_original.*.k30'");
  CHECK_THAT(starred.out, ContainsSubstring("| levina_bickel_original.input.k30 | levina_bickel_original.layer_1.k30 | "
                                            "levina_bickel_original.output.k30 |\n"));
  auto const part = collate(dir.string() + " --where 'measure=levina_bickel_original and layer=layer_1 and k<=30'");
  CHECK_THAT(part.out,
             ContainsSubstring("| levina_bickel_original.layer_1.k10 | levina_bickel_original.layer_1.k30 |\n"));
  auto const none = collate(dir.string() + " --measure 'levina*.k31'");
  CHECK(none.code == 2);
  CHECK_THAT(none.err, ContainsSubstring("no measure matches"));
}

TEST_CASE_METHOD(Fixture, "rows and columns are axes and parts of measures") {
  sweep.complete();
  auto const ran = collate(dir.string() +
                           " --rows layer --cols gate_lr_factor --measure 'levina_bickel_original.*.k30'"
                           " --format md,csv,json,tex");
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("|   layer | gate_lr_factor = 0.0 | gate_lr_factor = 1.0 |\n") &&
                          ContainsSubstring("| layer_1 |           40.0 ± 6.6 |                   37 |\n"));
  auto const records = store::csv::parse(store::read_text(dir / "pivot.csv"), "pivot.csv");
  REQUIRE(records.size() == 4);
  CHECK(records[0][0] == "layer");
  CHECK(records[0][2] == "train.gate_lr_factor=0.0_mean");
  CHECK(records[2][0] == "layer_1");
  CHECK(records[2][2] == "40");
  auto const json = nlohmann::json::parse(store::read_text(dir / "table.json"));
  CHECK(json["rows"][1]["train.gate_lr_factor=0.0"]["mean"] == 40.0);
  CHECK(json["rows"][1]["train.gate_lr_factor=1.0"]["ci_low"].is_null());
  CHECK_THAT(store::read_text(dir / "table.tex"), ContainsSubstring("{layer\\_1} & 40.0(66) & 37 \\\\"));

  // What nobody names is neither averaged nor hidden.
  auto const completed = collate(dir.string() + " --cols k --measure 'levina_bickel_original.layer_1.*'");
  CHECK_THAT(completed.out,
             ContainsSubstring("| train.gate_lr_factor |       k = 10 |     k = 30 |      k = 100 |\n") ||
                 ContainsSubstring("| train.gate_lr_factor |     k = 10 |     k = 30 |     k = 100 |\n"));
  CHECK(collate(dir.string() + " --rows layr").code == 2);
  CHECK(collate(dir.string() + " --rows layer --cols layer").code == 2);
  CHECK(collate(dir.string() + " --rows ,").code == 2);
}

TEST_CASE_METHOD(Fixture, "rows are sorted by an axis or a measure, in both directions") {
  write_text(dir / "plan.csv", "id,train.lr,seed,cost\na,1e-3,1,1\nb,0.02,1,1\nc,0.0005,1,1\nd,0.1,1,1\n");
  sweep.commit("a", 8);
  sweep.commit("b", 7);
  sweep.commit("c", 9);  // d has not run
  CHECK(first_column(collate(dir.string() + " --sort lr").out) ==
        std::vector<std::string>{"0.0005", "1e-3", "0.02", "0.1"});
  CHECK(first_column(collate(dir.string() + " --sort -train.lr").out) ==
        std::vector<std::string>{"0.1", "0.02", "1e-3", "0.0005"});
  CHECK(first_column(collate(dir.string() + " --sort test_mse").out) ==
        std::vector<std::string>{"0.02", "1e-3", "0.0005", "0.1"});
  CHECK(first_column(collate(dir.string() + " --sort=-test_mse").out) ==
        std::vector<std::string>{"0.0005", "1e-3", "0.02", "0.1"});
  CHECK(table(dir)[3].at("train.lr") == "0.1");
  CHECK_THAT(collate(dir.string() + " --sort tset_mse").err, ContainsSubstring("'test_mse' was meant"));
}

TEST_CASE_METHOD(Fixture, "cells show what is asked for") {
  sweep.complete();
  auto const all = collate(dir.string() + " --measure test_mse --show mean,sd,n");
  CHECK_THAT(all.out, ContainsSubstring("| 10.0 (sd 2.6, n 3) †") &&
                          !ContainsSubstring("half the 95 % confidence interval (Student"));
  auto const bootstrap = collate(dir.string() + " --measure test_mse --interval bca");
  CHECK_THAT(bootstrap.out, ContainsSubstring("10.0 [") && ContainsSubstring("BCa bootstrap"));
  CHECK(collate(dir.string() + " --interval normal").code == 2);
  CHECK(collate(dir.string() + " --show median").code == 2);
}

TEST_CASE_METHOD(Fixture, "--help fits 80 columns and one screen, with two examples") {
  std::istringstream lines(collate("--help").out);
  std::size_t count = 0, examples = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(line.size() <= 80);
    examples += line.starts_with("  mambasynth-collate ") ? 1 : 0;
  }
  CHECK(count <= 45);
  CHECK(examples == 2);
}

TEST_CASE_METHOD(Fixture, "hostile names stay where they belong in every format") {
  std::string const hostile = R"(a_b|c&d%e#f$g{h}\"i\" <script>, 'j')";
  write_text(dir / "plan.csv", "id,data.path,seed,cost\na1," + store::csv::line({hostile}) + ",42,1\nb1," +
                                   std::string(200, 'x') + ",42,1\n");
  sweep.commit("a1", 8);
  sweep.commit("b1", 7);
  auto const ran = collate(dir.string() + " --format md,csv,json,tex");
  CHECK(ran.code == 0);
  CHECK(longest_table_line(ran.out) <= 100);
  auto const json = nlohmann::json::parse(store::read_text(dir / "table.json"));
  CHECK(json["rows"][0]["data.path"] == hostile);
  CHECK(table(dir)[0].at("data.path") == hostile);
  CHECK_THAT(
      store::read_text(dir / "table.tex"),
      ContainsSubstring(
          R"({a\_b\textbar{}c\&d\%e\#f\$g\{h\}\textbackslash{}''i\textbackslash{}'' \textless{}script\textgreater{}, 'j'})"));
}
