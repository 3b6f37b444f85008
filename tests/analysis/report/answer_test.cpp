#include "analysis/report/answer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "analysis/report/made_up_chapter.hpp"
#include "support/reference.hpp"

using namespace mambasynth::analysis;
using namespace mambasynth::analysis::report;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr char const* factor = "train.gate_lr_factor";
constexpr char const* excess = "excess_mse.h1";
constexpr char const* against_one = "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 1 }\n";

/// The second sentence: a baseline with excess errors around 1, and one cell that differs from it by these amounts.
std::string effect_of_differences(std::vector<double> const& differences, std::string const& measure = excess) {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  std::vector<double> baseline, other;
  for (std::size_t seed = 0; seed < differences.size(); ++seed) {
    baseline.push_back(1 + 0.25 * static_cast<double>(seed));
    other.push_back(baseline.back() + differences[seed]);
  }
  made_up.folder(root.path(), against_one).cell({{factor, "0"}}, measure, other);
  made_up.cell({{factor, "1.0"}}, measure, baseline);
  return answer_of(collation_of(made_up)).sentences[1];
}

}  // namespace

TEST_CASE("the first sentence states what was swept and how much of it is done") {
  MadeUpSweep made_up({factor, "model.d_state"});
  made_up.cell({{factor, "0.0"}, {"model.d_state", "16"}}, excess, {1, 2, 3});
  made_up.cell({{factor, "1.0"}, {"model.d_state", "16"}}, excess, {1, 2})
      .failed({{factor, "1.0"}, {"model.d_state", "16"}}, 2);
  auto const answer = answer_of(collation_of(made_up));
  CHECK(answer.question == "How does the gate learning-rate factor affect the excess MSE one step ahead?");
  REQUIRE(answer.sentences.size() == 3);
  CHECK(answer.sentences[0] ==
        "The sweep varied the gate learning-rate factor (0 and 1) with 3 seeds in 2 cells: 5 of 6 trials done (1 "
        "failed).");
}

TEST_CASE("a worsening is stated with its interval, its p, and the least p that the pairs can give") {
  auto const sentence = effect_of_differences({0.5, 0.625, 0.5, 0.375, 0.5});
  CHECK_THAT(sentence,
             ContainsSubstring("Compared with the baseline (gate_lr_factor = 1), excess MSE one step ahead is "
                               "higher (worse) at gate_lr_factor = 0"));
  CHECK_THAT(sentence, ContainsSubstring("a difference of +0.50 ± 0.11 (95 % CI, 5 pairs of seeds; exact sign-flip p = "
                                         "0.0625, the least that 5 pairs can give)"));
  // Five seeds cannot pass the test whatever they show.
  CHECK_THAT(sentence, ContainsSubstring("so the claim rests on the interval"));
}

TEST_CASE("an improvement that the test confirms rests on both") {
  auto const sentence = effect_of_differences({-0.5, -0.625, -0.5, -0.375, -0.5, -0.5, -0.5, -0.5});
  CHECK_THAT(sentence, ContainsSubstring("is lower (better) at gate_lr_factor = 0"));
  CHECK_THAT(sentence, ContainsSubstring("p = 0.00781, the least that 8 pairs can give"));
  CHECK_THAT(sentence, !ContainsSubstring("rests on"));
}

TEST_CASE("a difference whose interval includes 0 is not shown, and neither is its absence") {
  auto const sentence = effect_of_differences({0.5, -0.5, 0.25, -0.25, 0.125});
  CHECK_THAT(sentence, ContainsSubstring("is not shown to differ at gate_lr_factor = 0"));
  CHECK_THAT(sentence, ContainsSubstring("where 5 pairs can give no less than 0.0625"));
  CHECK_THAT(sentence, ContainsSubstring("does not show that there is none"));
  CHECK_THAT(sentence, !ContainsSubstring("better") && !ContainsSubstring("worse") && !ContainsSubstring("rests on"));
}

TEST_CASE("a single seed gives a difference without an interval or a test") {
  auto const sentence = effect_of_differences({0.5});
  CHECK_THAT(sentence, ContainsSubstring("is compared in a single seed at gate_lr_factor = 0"));
  CHECK_THAT(sentence, ContainsSubstring("+0.5 (one pair of seeds, no interval)"));
  CHECK_THAT(sentence, ContainsSubstring("cannot tell from the variation between seeds"));
  CHECK_THAT(sentence, !ContainsSubstring("p =") && !ContainsSubstring("CI") && !ContainsSubstring("worse"));
}

TEST_CASE("results that are the same in every seed have no interval") {
  CHECK_THAT(effect_of_differences({0, 0, 0}), ContainsSubstring("is the same in every seed at gate_lr_factor = 0"));
  CHECK_THAT(effect_of_differences({0.5, 0.5, 0.5}),
             ContainsSubstring("is shifted equally in every seed") &&
                 ContainsSubstring("+0.5 (in each of 3 pairs of seeds, no interval"));
}

TEST_CASE("several cells are counted by what they show, and the largest difference is told") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one)
      .cell({{factor, "0"}}, excess, {2, 2.25, 2, 1.875})
      .cell({{factor, "0.1"}}, excess, {0.75, 1.0, 0.75, 0.5})
      .cell({{factor, "0.5"}}, excess, {1.125, 0.875, 1.25, 0.75})
      .cell({{factor, "1"}}, excess, {1, 1.125, 1, 0.875});
  auto const sentence = answer_of(collation_of(made_up)).sentences[1];
  CHECK_THAT(sentence,
             ContainsSubstring("is lower (better) in 1, higher (worse) in 1, and not shown to differ in 1 of 3 "
                               "other cells, with the largest difference at gate_lr_factor = 0:"));
  CHECK_THAT(sentence, ContainsSubstring("after Holm's adjustment for 3 comparisons"));
}

TEST_CASE("a sweep without a baseline is answered by its best cell") {
  MadeUpSweep made_up({factor});
  made_up.cell({{factor, "0"}}, excess, {2, 2.25, 2}).cell({{factor, "1"}}, excess, {1, 1.125, 1});
  auto const distinct = answer_of(collation_of(made_up)).sentences[1];
  CHECK_THAT(distinct,
             ContainsSubstring("names no baseline") &&
                 ContainsSubstring("the lowest mean excess MSE one step ahead is 1.04 ± 0.18 (95 % CI, 3 seeds) "
                                   "at gate_lr_factor = 1") &&
                 ContainsSubstring("distinguish it from the other cell (p < 0.05)"));
  made_up.cell({{factor, "2"}}, excess, {1, 1.25, 0.9375});
  CHECK_THAT(answer_of(collation_of(made_up)).sentences[1],
             ContainsSubstring("do not distinguish it from 1 of the 2 other cells"));
}

TEST_CASE("one cell, no finite loss, and no loss at all each have their sentence") {
  MadeUpSweep one({});
  one.cell({}, excess, {1, 2, 3});
  CHECK_THAT(answer_of(collation_of(one)).sentences[1],
             ContainsSubstring("The excess MSE one step ahead is 2.0 ± 2.5"));
  CHECK_THAT(answer_of(collation_of(one)).sentences[0], ContainsSubstring("share one configuration"));
  MadeUpSweep infinite({});
  infinite.cell({}, "test_mse", {std::numeric_limits<double>::infinity()});
  CHECK_THAT(answer_of(collation_of(infinite)).sentences[1], ContainsSubstring("No trial has a finite test MSE yet"));
  MadeUpSweep nothing({factor});
  nothing.failed({{factor, "0"}}, 0).failed({{factor, "1"}}, 0);
  auto const answer = answer_of(collation_of(nothing));
  CHECK_THAT(answer.sentences[0], ContainsSubstring("0 of 2 trials done (2 failed)"));
  CHECK_THAT(answer.sentences[1], ContainsSubstring("No trial has a loss yet"));
  CHECK_THAT(answer.sentences[2], ContainsSubstring("Neither dimension nor probes were measured"));
}

TEST_CASE("the third sentence tells what dimension and probes are where the error differs most") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor});
  made_up.folder(root.path(), against_one);
  constexpr char const* dimension = "levina_bickel_original.layer_2.k30";
  constexpr char const* probe = "probe.circle.balanced_accuracy.layer_2";
  for (int seed = 0; seed < 3; ++seed) {
    auto const off = 0.125 * seed;
    made_up.done({{factor, "0"}}, seed, {{excess, 2 + off}, {dimension, 5.25 + off}, {probe, 0.5 + 0.25 * off}});
    made_up.done({{factor, "1"}}, seed,
                 {{excess, 1 + 2 * off}, {dimension, 3.25 - off}, {probe, 0.5 + 0.5 * off * (1 - off)}});
  }
  auto const sentence = answer_of(collation_of(made_up)).sentences[2];
  CHECK_THAT(sentence, ContainsSubstring(
                           "At gate_lr_factor = 0, the intrinsic dimension (Levina-Bickel, original form; k = 30) in "
                           "layer 2 is 5.38 ± 0.31 instead of 3.12 ± 0.31 (difference 2.25 ± 0.62)"));
  CHECK_THAT(sentence, ContainsSubstring("the balanced accuracy of the circle probe in layer 2 is"));
  CHECK_THAT(sentence, ContainsSubstring("not shown to differ from 0"));
  made_up.of_recording();
  CHECK_THAT(answer_of(collation_of(made_up)).sentences[2],
             ContainsSubstring("the balanced accuracy of the label probe in layer 2 is"));
}
