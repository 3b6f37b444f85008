#include "analysis/collate/differences.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <optional>
#include <set>

#include "analysis/collate/made_up_sweep.hpp"
#include "store/csv.hpp"
#include "support/reference.hpp"

using namespace mambasynth::analysis::collate;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr char const* factor = "train.gate_lr_factor";
constexpr char const* states = "model.d_state";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr char const* against_one = "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 1 }\n";

Differences compared(MadeUpSweep const& made_up, std::vector<std::string> const& asked = {}) {
  return compare_with_baseline(tabulate(made_up.sweep()), made_up.sweep(), asked);
}

/// Which cell is compared with which, by the values of their axes in order: "0.1|16 - 1.0|16".
std::set<std::string> comparisons(MadeUpSweep const& made_up, Differences const& differences) {
  auto const table = tabulate(made_up.sweep());
  auto const name = [&](std::size_t cell) {
    std::string text;
    for (auto const& axis : table.axes) text += (text.empty() ? "" : "|") + value_of(table.cells[cell], axis, "-");
    return text;
  };
  std::set<std::string> found;
  for (auto const& row : differences.rows) found.insert(name(row.cell) + " - " + name(row.baseline));
  return found;
}

}  // namespace

TEST_CASE("a cell is compared with the baseline, seed by seed") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  // The order of seeds differs, and the plan writes 1.0 where the baseline is 1.
  made_up.folder(root.path(), against_one)
      .done({{factor, "0.1"}}, 44, {{"test_mse", 13}})
      .done({{factor, "0.1"}}, 42, {{"test_mse", 8}})
      .done({{factor, "0.1"}}, 43, {{"test_mse", 9.5}})
      .done({{factor, "1.0"}}, 42, {{"test_mse", 7}})
      .done({{factor, "1.0"}}, 43, {{"test_mse", 9}})
      .done({{factor, "1.0"}}, 44, {{"test_mse", 11}});
  auto const differences = compared(made_up);
  REQUIRE(differences.rows.size() == 1);
  auto const& row = differences.rows[0];
  CHECK(row.measure == "test_mse");
  CHECK(row.of_seeds.difference.n == 3);
  CHECK(row.of_seeds.difference.mean == Approx(3.5 / 3));  // 1, 0.5, 2
  CHECK(row.of_seeds.difference.high - row.of_seeds.difference.mean ==
        Approx(4.30265272974946385 * std::sqrt(7.0 / 12 / 3)));
  CHECK(row.of_seeds.sign_flip.p == 0.25);
  CHECK(row.of_seeds.sign_flip.p_least == 0.25);
  CHECK(row.p_holm == 0.25);
  CHECK(row.named == "train.gate_lr_factor = 1");
  CHECK(differences.family == "1 comparison: 1 measure x 1 cell");
  CHECK_THAT(differences.note, ContainsSubstring("No p can be below 0.25; with fewer than 6 seeds none reaches 0.05"));
}

TEST_CASE("only seeds that both cells have are pairs") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one).cell({{factor, "1.0"}}, "test_mse", {10, 20, 30, not_a_number});
  made_up.done({{factor, "0"}}, 2, {{"test_mse", 31}}).done({{factor, "0"}}, 3, {{"test_mse", 5}});
  made_up.done({{factor, "0.1"}}, 7, {{"test_mse", 5}}).failed({{factor, "0.1"}}, 0);
  made_up.failed({{factor, "0.5"}}, 0);
  made_up.cell({{factor, "2"}}, "test_mse", {11, 21, 31});
  auto const differences = compared(made_up);
  REQUIRE(differences.rows.size() == 4);
  auto const& one = differences.rows[0];
  CHECK(one.of_seeds.difference.n == 1);
  CHECK(one.of_seeds.difference.mean == 1);
  CHECK(std::isnan(one.of_seeds.difference.low));
  CHECK(one.of_seeds.sign_flip.p_least == 1);
  for (std::size_t r : {1u, 2u}) {
    CHECK(differences.rows[r].of_seeds.difference.n == 0);
    CHECK(std::isnan(differences.rows[r].of_seeds.difference.mean));
    CHECK(std::isnan(differences.rows[r].p_holm));
  }
  // The differences are 1, 1, 1: no interval, but signs.
  auto const& equal = differences.rows[3];
  CHECK(equal.of_seeds.difference.n == 3);
  CHECK(std::isnan(equal.of_seeds.difference.low));
  CHECK(std::isnan(equal.of_seeds.effect_size));
  CHECK(equal.of_seeds.sign_flip.p == 0.25);
  CHECK(equal.p_holm == 0.5);  // of the two tests
  CHECK(differences.family == "2 comparisons: 1 measure x 2 cells");
}

TEST_CASE("trials of one seed and cell count as one, by their mean") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one)
      .done({{factor, "0"}}, 1, {{"test_mse", 5}})
      .done({{factor, "0"}}, 1, {{"test_mse", 7}})
      .done({{factor, "1"}}, 1, {{"test_mse", 4}});
  auto const differences = compared(made_up);
  REQUIRE(differences.rows.size() == 1);
  CHECK(differences.rows[0].of_seeds.difference.n == 1);
  CHECK(differences.rows[0].of_seeds.difference.mean == 2);
}

TEST_CASE("the baseline has the cell's values on the axes that it does not name") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor, states});
  auto const fill = [&](std::string const& toml) {
    made_up.folder(root.path(), toml);
    for (auto const* f : {"0.0", "1.0"})
      for (auto const* s : {"16", "32"}) made_up.cell({{factor, f}, {states, s}}, "test_mse", {1, 2});
  };
  SECTION("one axis") {
    fill(against_one);
    CHECK(comparisons(made_up, compared(made_up)) == std::set<std::string>{"0.0|16 - 1.0|16", "0.0|32 - 1.0|32"});
  }
  SECTION("all axes") {
    fill("[sweep]\nbaseline = { \"train.gate_lr_factor\" = 1.0, \"model.d_state\" = 32 }\n");
    CHECK(comparisons(made_up, compared(made_up)) ==
          std::set<std::string>{"0.0|16 - 1.0|32", "0.0|32 - 1.0|32", "1.0|16 - 1.0|32"});
  }
  SECTION("written as nested tables") {
    fill("[sweep.baseline]\ntrain.gate_lr_factor = 1e0\n");
    CHECK(comparisons(made_up, compared(made_up)).size() == 2);
  }
}

TEST_CASE("keys that vary together move together") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor, states, "train.split"});
  std::string const axes =
      "[[sweep.axis]]\n\"train.gate_lr_factor\" = [0.0, 1.0]\n\"model.d_state\" = [16, 32]\n"
      "[[sweep.axis]]\n\"train.split\" = [\"blocked\", \"random\"]\n";
  made_up.folder(root.path(), against_one + axes);
  for (auto const* split : {"blocked", "random"}) {
    made_up.cell({{factor, "0.0"}, {states, "16"}, {"train.split", split}}, "test_mse", {1, 2});
    made_up.cell({{factor, "1.0"}, {states, "32"}, {"train.split", split}}, "test_mse", {1, 3});
  }
  CHECK(comparisons(made_up, compared(made_up)) ==
        std::set<std::string>{"0.0|16|blocked - 1.0|32|blocked", "0.0|16|random - 1.0|32|random"});

  // A second cell of factor 1.0: which one is the baseline?
  made_up.cell({{factor, "1.0"}, {states, "64"}, {"train.split", "random"}}, "test_mse", {1, 3});
  auto const differences = compared(made_up);
  CHECK(comparisons(made_up, differences) == std::set<std::string>{"0.0|16|blocked - 1.0|32|blocked"});
  CHECK_THAT(differences.note, ContainsSubstring("Name more keys"));
}

TEST_CASE("each sweep is compared with its own baseline") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor, "train.epochs"});
  made_up.folder(root.path() / "a", against_one)
      .cell({{factor, "0.0"}, {"train.epochs", "5"}}, "test_mse", {1, 2})
      .cell({{factor, "1.0"}, {"train.epochs", "5"}}, "test_mse", {1, 2});
  made_up.folder(root.path() / "b", "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 0.0 }\n")
      .cell({{factor, "0.0"}, {"train.epochs", "9"}}, "test_mse", {1, 2})
      .cell({{factor, "1.0"}, {"train.epochs", "9"}}, "test_mse", {1, 2});
  made_up.folder(root.path() / "c", "[sweep]\n").cell({{factor, "0.0"}, {"train.epochs", "7"}}, "test_mse", {1, 2});
  auto const differences = compared(made_up);
  CHECK(comparisons(made_up, differences) == std::set<std::string>{"0.0|5 - 1.0|5", "1.0|9 - 0.0|9"});
  CHECK_THAT(differences.note, ContainsSubstring("2 baselines"));
}

TEST_CASE("a sweep without a baseline has no differences, and a note says how to name one") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), "[sweep]\nseeds = [1]\n");
  made_up.cell({{factor, "0.0"}}, "test_mse", {1, 2}).cell({{factor, "1.0"}}, "test_mse", {1, 2});
  auto const none = compared(made_up);
  CHECK(none.rows.empty());
  CHECK_THAT(none.note, ContainsSubstring("baseline = { \"train.gate_lr_factor\" = 1.0 }"));
  CHECK_THAT(none.note, ContainsSubstring((root.path() / "sweep.toml").string()));

  for (auto const* damaged : {"", "not TOML", "sweep = 1\n", "[sweep]\nbaseline = 3\naxis = 4\n"}) {
    CAPTURE(damaged);
    made_up.folder(root.path(), damaged);
    CHECK(compared(made_up).rows.empty());
    CHECK_FALSE(compared(made_up).note.empty());
  }

  MadeUpSweep single({factor});
  CHECK(compared(single.folder(root.path(), "[sweep]\n").cell({{factor, "0.0"}}, "test_mse", {1})).note.empty());
  MadeUpSweep trials({trial_axis});
  trials.cell({{trial_axis, "a"}}, "test_mse", {1}).cell({{trial_axis, "b"}}, "test_mse", {2});
  CHECK(compared(trials).note.empty());
}

TEST_CASE("a baseline without a cell is counted") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one);
  made_up.cell({{factor, "0.0"}}, "test_mse", {1, 2}).cell({{factor, "0.5"}}, "test_mse", {1, 2});
  auto const differences = compared(made_up);
  CHECK(differences.rows.empty());
  CHECK_THAT(differences.note, ContainsSubstring("2 cells have no baseline"));
}

TEST_CASE("Holm's family is every test of the file; measures without a direction have none unless asked for") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one);
  for (int seed = 0; seed < 6; ++seed)
    for (auto const& [value, shift] : std::map<std::string, double>{{"0", 1}, {"0.1", seed == 0 ? -9 : 1}, {"1", 0}})
      made_up.done({{factor, value}}, seed,
                   {{"test_mse", 10 + shift * (1 + 0.1 * seed)},
                    {"levina_bickel_original.layer_2.k30", 3 + shift + 0.01 * seed * shift},
                    {"seconds", 100 + shift * seed}});
  auto const differences = compared(made_up);
  REQUIRE(differences.rows.size() == 6);
  CHECK(differences.family == "2 comparisons: 1 measure x 2 cells");
  for (auto const& row : differences.rows) {
    CHECK(row.tested == (row.measure == "test_mse"));
    CHECK(std::isnan(row.p_holm) != row.tested);
    CHECK(row.of_seeds.difference.n == 6);
  }
  CHECK(differences.rows[0].p_holm == 2 * 0.03125);
  CHECK_THAT(differences.note, ContainsSubstring("below 0.0312, adjusted 0.0625; with fewer than 7 seeds"));
  auto const asked = compared(made_up, {"seconds", "test_mse"});
  REQUIRE(asked.rows.size() == 4);
  CHECK(asked.family == "4 comparisons: 2 measures x 2 cells");
  CHECK(asked.rows[0].measure == "seconds");
  CHECK(asked.rows[0].tested);
  CHECK(asked.rows[0].standing == Standing::none);
}

TEST_CASE("the best cell, and those not distinguishable from it") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one)
      .cell({{factor, "0"}}, "test_mse", {20, 21.1, 22, 23.1})
      .cell({{factor, "0.1"}}, "test_mse", {10.2, 10.9, 12.1, 13.1})
      .cell({{factor, "0.2"}}, "test_mse", {9})
      .cell({{factor, "1"}}, "test_mse", {10, 11, 12, 13});
  auto const differences = compared(made_up);
  auto const& standing = differences.standing.at("test_mse");
  // A single seed is the best by its mean, and shares only one with the others.
  CHECK(standing == std::vector{Standing::not_distinguishable, Standing::not_distinguishable, Standing::best,
                                Standing::not_distinguishable});

  MadeUpSweep four({factor});
  four.folder(root.path(), against_one)
      .cell({{factor, "0"}}, "test_mse", {20, 21.1, 22, 23.1})
      .cell({{factor, "0.1"}}, "test_mse", {10.2, 10.9, 12.1, 13.1})
      .cell({{factor, "0.5"}}, "test_mse", {})
      .failed({{factor, "0.5"}}, 1)
      .cell({{factor, "1"}}, "test_mse", {10, 11, 12, 13});
  CHECK(compared(four).standing.at("test_mse") ==
        std::vector{Standing::none, Standing::not_distinguishable, Standing::none, Standing::best});
  for (auto const& row : compared(four).rows) CHECK(row.standing != Standing::best);

  MadeUpSweep accuracy({factor});
  std::string const name = "probe.circle.accuracy.layer_1";
  accuracy.folder(root.path(), against_one)
      .cell({{factor, "0"}}, name, {0.5, 0.5, 0.5})
      .cell({{factor, "1"}}, name, {0.25, 0.25, 0.25});
  auto const higher = compared(accuracy, {name});
  CHECK(higher.standing.at(name) == std::vector{Standing::best, Standing::none});
  CHECK(higher.rows.at(0).standing == Standing::best);
}

TEST_CASE("cells that are equal are tied: the first is the best, the others not distinguishable") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one).cell({{factor, "0"}}, "test_mse", {1, 2, 3});
  made_up.cell({{factor, "1"}}, "test_mse", {1, 2, 3});
  auto const differences = compared(made_up);
  REQUIRE(differences.rows.size() == 1);
  CHECK(differences.rows[0].of_seeds.difference.mean == 0);
  CHECK(differences.rows[0].of_seeds.sign_flip.p == 1);
  CHECK(differences.standing.at("test_mse") == std::vector{Standing::best, Standing::not_distinguishable});
}

TEST_CASE("thirty seeds are tested exactly") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  std::vector<double> base(30), more(30);
  for (std::size_t seed = 0; seed < 30; ++seed) {
    base[seed] = std::sin(static_cast<double>(seed));
    more[seed] = base[seed] + 1 + static_cast<double>(seed) / 64;
  }
  made_up.folder(root.path(), against_one).cell({{factor, "0"}}, "test_mse", more);
  made_up.cell({{factor, "1"}}, "test_mse", base);
  auto const differences = compared(made_up);
  REQUIRE(differences.rows.size() == 1);
  CHECK(differences.rows[0].of_seeds.sign_flip.p == std::ldexp(1.0, -29));
  CHECK(differences.rows[0].of_seeds.sign_flip.exact);
  CHECK_THAT(differences.note, !ContainsSubstring("seeds none reaches"));
}

TEST_CASE("differences.csv quotes what it must, and leaves undefined values empty") {
  TemporaryFolder const root;
  std::string const key = "data.path", hostile = "a,\"b\"|<script>\n_\\";
  MadeUpSweep made_up({key});
  made_up.folder(root.path(), "[sweep]\nbaseline = { \"data.path\" = \"1e400\" }\n")
      .cell({{key, hostile}}, "test_mse", {1})
      .cell({{key, "nan"}}, "test_mse", {1, 2})
      .cell({{key, "1e400"}}, "test_mse", {3, 5});
  auto const table = tabulate(made_up.sweep());
  auto const differences = compare_with_baseline(table, made_up.sweep(), {});
  auto const records = mambasynth::store::csv::parse(to_csv(differences, table), "differences.csv");
  REQUIRE(records.size() == 3);
  CHECK(records[0] == std::vector<std::string>{key, "measure", "n_pairs", "mean", "ci_low", "ci_high", "p", "p_least",
                                               "p_holm", "effect_size", "family", "best", "baseline"});
  CHECK(records[1] == std::vector<std::string>{hostile, "test_mse", "1", "-2", "", "", "1", "1", "1", "",
                                               "2 comparisons: 1 measure x 2 cells", "best", "data.path = 1e400"});
  CHECK(records[2][0] == "nan");
  CHECK(records[2][3] == "-2.5");
}
