#include "analysis/collate/test_series.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "analysis/collate/program.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Excess MSE (horizon, block), and the optimum at each horizon.
CollatedTrial trial_with(std::string const& seed, analysis::trial_file::ExcessByBlock const& blocks,
                         std::vector<double> const& optimum) {
  analysis::trial_file::TrialSummary summary;
  summary.excess_by_block = blocks;
  for (std::size_t h = 0; h < optimum.size(); ++h)
    summary.measures.set("bayes_mse.h" + std::to_string(blocks.horizon[h]), optimum[h]);
  return {.id = "a" + seed,
          .axes = {},
          .seed = seed,
          .outcome = Outcome::done,
          .reason = "",
          .result = summary,
          .file = {}};
}

TestSeries over(std::vector<CollatedTrial> const& trials) {
  std::vector<CollatedTrial const*> pointers;
  for (auto const& trial : trials) pointers.push_back(&trial);
  return test_series_of(pointers);
}

/// An excess of `mean` that differs by block: -0.3, 0.1, 0.1, 0.1 for horizon 1 and ten times that for horizon 4.
/// `bayes` tells its test series.
analysis::trial_file::TrialResult with_blocks(std::string const& id, double mean, double bayes = 7) {
  auto trial = trial_of(id, bayes + mean);
  trial.horizon = {.horizon = {1, 4},
                   .val_mse = {},
                   .test_mse = {bayes + mean, bayes + 1 + 10 * mean},
                   .bayes_mse = {bayes, bayes + 1},
                   .excess_mse = {mean, 10 * mean},
                   .val_bayes_mse = {}};
  trial.horizon.test_blocks = {.first = {0, 1024, 2048, 3072}, .windows = {4, 4, 4, 4}};
  for (double const scale : {1.0, 10.0})
    for (double const offset : {-0.3, 0.1, 0.1, 0.1})
      trial.horizon.excess_mse_by_block.push_back(scale * (mean + offset));
  return trial;
}

}  // namespace

TEST_CASE("over blocks of the test series, after an average over seeds") {
  std::vector<double> const optimum{7, 8};
  analysis::trial_file::ExcessByBlock first{
      .horizon = {1, 2}, .blocks = {.first = {0, 10, 20}, .windows = {1, 1, 1}}, .excess = {1, 2, 6, 0, 0, 0}};
  auto second = first;
  second.excess = {3, 2, 4, 0, 0, std::numeric_limits<double>::infinity()};
  auto const both = over({trial_with("1", first, optimum), trial_with("2", second, optimum)});
  CHECK(both.shared);
  // Blocks 2, 2, 5; numpy: std(ddof=1) = 1.7320508
  auto const& found = both.measures.at("excess_mse.h1");
  CHECK(found.n == 3);
  CHECK(found.mean == Approx(3));
  CHECK(found.sd == Approx(std::sqrt(3.0)));
  CHECK(found.high == Approx(3 + 4.30265272974946385));
  // The infinite one is in none of the blocks.
  CHECK(both.measures.at("excess_mse.h2").sd == 0);

  // Two trials of one seed count as one.
  auto const doubled =
      over({trial_with("1", first, optimum), trial_with("1", second, optimum), trial_with("2", first, optimum)});
  CHECK(doubled.measures.at("excess_mse.h1").mean == Approx((2 + 2 + 5 + 1 + 2 + 6) / 6.0));

  // Weights 0.4, 0.4, 0.2: mean 2.6, squares 2 (0.4 0.6)^2 + (0.2 2.4)^2 = 0.3456, times 3 / 2.
  first.blocks.windows = second.blocks.windows = {2, 2, 1};
  auto const uneven =
      over({trial_with("1", first, optimum), trial_with("2", second, optimum)}).measures.at("excess_mse.h1");
  CHECK(uneven.mean == Approx(2.6));
  CHECK(uneven.sd / std::sqrt(3.0) == Approx(0.72));
}

TEST_CASE("no error for different series, for trials without blocks, or for a single block") {
  std::vector<double> const optimum{7};
  analysis::trial_file::ExcessByBlock const blocks{
      .horizon = {1}, .blocks = {.first = {0, 10}, .windows = {1, 1}}, .excess = {1, 2}};
  CHECK(over({trial_with("1", blocks, optimum)}).measures.size() == 1);
  for (int way = 0; way < 4; ++way) {
    auto other = blocks;
    if (way == 0) other.blocks.first[1] = 11;
    if (way == 1) other.blocks.windows[1] = 2;
    if (way == 2) other.horizon[0] = 2;
    auto const found = over({trial_with("1", blocks, optimum), trial_with("2", other, {way == 3 ? 7.001 : 7})});
    CHECK_FALSE(found.shared);
    CHECK(found.measures.empty());
  }
  auto const older = over({trial_with("1", blocks, optimum), trial_with("2", {}, {})});
  CHECK(older.shared);
  CHECK(older.measures.empty());
  CHECK(over({trial_with("1", {.horizon = {1}, .blocks = {.first = {0}, .windows = {1}}, .excess = {1}}, optimum)})
            .measures.empty());
  CHECK(over({}).measures.empty());
}

TEST_CASE_METHOD(Fixture, "the tables have the error over seeds and that of the test series") {
  for (auto const* id : {"a1", "a2", "a3", "b1", "b2", "b3"})
    sweep.commit(with_blocks(id, 0.1 * (id[1] - '0') + (id[0] == 'b' ? 1 : 0)));
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  CHECK(ran.err == "");
  // Over seeds 0.1, 0.2, 0.3: t(2) 0.1 / sqrt(3) = 0.248; over blocks t(3) 0.1 = 0.318.
  CHECK_THAT(ran.out, ContainsSubstring("| excess MSE h1 | ± test series |") &&
                          ContainsSubstring("| 0.20 ± 0.25 * |        ± 0.32 |") &&
                          ContainsSubstring("| 1.20 ± 0.25   |        ± 0.32 |"));
  CHECK_THAT(ran.out, ContainsSubstring("whose own error this leaves out. ± test series: half the 95 %") &&
                          ContainsSubstring("difference between cells"));
  CHECK(longest_table_line(ran.out) <= 100);
  auto const rows = table(dir);
  CHECK(std::stod(rows[0].at("excess_mse.h1_test_se")) == Approx(0.1));
  CHECK(std::stod(rows[1].at("excess_mse.h4_test_se")) == Approx(1));
  CHECK(std::stod(rows[0].at("excess_mse.h1_mean")) == Approx(0.2));
  CHECK_FALSE(rows[0].contains("test_mse_test_se"));
  auto const header = store::csv::parse(store::read_text(dir / "table.csv"), "table.csv")[0];
  auto const at = std::find(header.begin(), header.end(), "excess_mse.h1_ci_high");
  REQUIRE(at != header.end());
  CHECK(at[1] == "excess_mse.h1_test_se");

  auto const asked = collate(dir.string() + " --measure excess_mse.h4,test_mse");
  CHECK_THAT(asked.out, ContainsSubstring("| excess_mse.h4 | ± test series |") &&
                            ContainsSubstring("|   2.0 ± 2.5 * |         ± 3.2 |"));
  CHECK_THAT(collate(dir.string() + " --measure excess_mse.h4_test_se").err,
             ContainsSubstring("'excess_mse.h4' was meant"));
  auto const read = analysis::trial_file::read_trial(sweep.trial("a1") / "trial.h5").excess_by_block;
  CHECK(read.blocks.first == std::vector<std::int64_t>{0, 1024, 2048, 3072});
  CHECK(read.excess[4] == Approx(-2));
}

TEST_CASE_METHOD(Fixture,
                 "a cell with trials of two test series has no test-series error; another cell keeps its own") {
  for (auto const* id : {"a1", "a2", "a3", "b1", "b2", "b3"})
    sweep.commit(with_blocks(id, 0.1 * (id[1] - '0'), id == std::string("a2") ? 6 : 7));
  auto const ran = collate(dir.string());
  CHECK_THAT(ran.err, ContainsSubstring("train.gate_lr_factor = 0.0: its trials were tested on different series"));
  CHECK_THAT(ran.out, ContainsSubstring("|             – |") && ContainsSubstring("|        ± 0.32 |"));
  CHECK(table(dir)[0].at("excess_mse.h1_test_se") == "");
}

TEST_CASE_METHOD(Fixture, "older trials leave the error of the test series out, and that is said") {
  sweep.complete();
  auto const ran = collate(dir.string());
  CHECK_THAT(ran.out, ContainsSubstring("Seeds share one test series, whose own error this leaves out.\n") &&
                          !ContainsSubstring("± test series"));
  CHECK_FALSE(table(dir)[0].contains("excess_mse.h1_test_se"));
}
