#include "analysis/collate/by_seed.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "analysis/collate/program.hpp"
#include "analysis/collate/sweep_folder.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Three cells that share two seeds; untrained networks depend on the seed alone.
void plan_three_cells(fs::path const& dir) {
  write_text(dir / "plan.csv",
             "id,train.gate_lr_factor,seed,cost\na1,0.0,42,1\na2,0.0,43,1\nb1,0.1,42,1\nb2,0.1,43,1\nc1,1.0,42,1\nc2,1."
             "0,43,1\n");
}
analysis::trial_file::TrialResult in_cell(std::string const& id, double trained, double untrained) {
  auto trial = trial_of(id, 8);
  trial.evaluation.measures.dimension[1][analysis::dimension::levina_bickel_original][1].value = trained;
  trial.evaluation.controls.untrained.dimension[1][analysis::dimension::levina_bickel_original][1].value = untrained;
  return trial;
}
void commit_three_cells(Sweep const& sweep) {
  sweep.commit(in_cell("a1", 1, 7.717));
  sweep.commit(in_cell("a2", 3, 7.821));
  sweep.commit(in_cell("b1", 2, 7.717));
  sweep.commit(in_cell("b2", 4, 7.821));
  sweep.commit(in_cell("c1", 6, 7.717));
  sweep.commit(in_cell("c2", 8, 7.821));
}

/// Without what aligns columns.
std::string squeezed(std::string text) {
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }), text.end());
  return text;
}

}  // namespace

TEST_CASE("a seed counts once, with the mean of its values") {
  // scipy: stats.t.interval(0.95, 2, m, stats.sem([2, 5, 3.5])) with m = 3.5
  BySeed values;
  for (auto const& [seed, value] : {std::pair{"42", 1.0}, {"43", 5.0}, {"42", 3.0}, {"43", 5.0}, {"44", 3.5}})
    values.add(seed, value);
  auto const interval = values.interval();
  CHECK(interval.n == 3);
  CHECK(interval.mean == Approx(3.5));
  CHECK(interval.sd == Approx(1.5));
  CHECK(interval.low == Approx(-0.2262065676).epsilon(1e-9));
  CHECK(interval.high == Approx(7.2262065676).epsilon(1e-9));
  CHECK(values.values() == 5);
  CHECK(values.uneven());
  CHECK(values.varies_within_a_seed());

  BySeed copies;
  for (int cell = 0; cell < 3; ++cell)
    for (auto const& [seed, value] : {std::pair{"42", 0.1}, {"43", 0.3}}) copies.add(seed, value);
  CHECK(copies.interval().n == 2);
  CHECK(copies.interval().high - copies.interval().mean == Approx(12.7062047361747046 * 0.1));
  CHECK_FALSE(copies.uneven());
  CHECK_FALSE(copies.varies_within_a_seed());
}

TEST_CASE("what is not finite is left out and counted; one seed has no interval") {
  BySeed values;
  values.add("42", infinity);
  values.add("42", std::nan(""));
  CHECK(values.interval().n == 0);
  CHECK(std::isnan(values.interval().mean));
  values.add("43", 2);
  values.add("43", 4);
  CHECK(values.left_out() == 2);
  CHECK(values.values() == 2);
  CHECK(values.interval().n == 1);
  CHECK(values.interval().mean == 3);
  CHECK(std::isnan(values.interval().low));
}

TEST_CASE_METHOD(Fixture, "controls over cells that share seeds have as many values as seeds") {
  plan_three_cells(dir);
  commit_three_cells(sweep);
  auto const ran = collate(dir.string());
  CHECK(ran.code == 0);
  // Over seeds: untrained 7.717 and 7.821, trained 3 and 5; t(1) = 12.706. Six values would give ± 0.06 and ± 2.8.
  CHECK_THAT(squeezed(ran.out),
             ContainsSubstring("then over 2 seeds") && ContainsSubstring("| layer 1 | 4 ± 13 | 7.77 ± 0.66 |"));
  CHECK_THAT(ran.out, !ContainsSubstring("Untrained networks") && !ContainsSubstring("Not every seed") &&
                          !ContainsSubstring("nfinite"));
}

TEST_CASE_METHOD(Fixture,
                 "untrained networks that differ between cells, a seed without a cell, and infinite values are said "
                 "below the controls") {
  plan_three_cells(dir);
  commit_three_cells(sweep);
  SECTION("other networks") {
    sweep.commit(in_cell("b1", 2, 7.9));
    CHECK_THAT(squeezed(collate(dir.string()).out),
               ContainsSubstring("Untrained networks of one seed differ between cells"));
  }
  SECTION("a missing trial") {
    fs::remove_all(sweep.trial("c1"));
    // Seed 42: (1 + 2) / 2, seed 43: 5.
    CHECK_THAT(squeezed(collate(dir.string()).out),
               ContainsSubstring("Not every seed has every cell") && ContainsSubstring("| 3 ± 22 | 7.77 ± 0.66 |"));
  }
  SECTION("one infinite value") {
    sweep.commit(in_cell("c2", infinity, 7.821));
    auto const ran = collate(dir.string());
    // Seed 42: 3, seed 43: (3 + 4) / 2. In its cell one seed is left.
    CHECK_THAT(squeezed(ran.out), ContainsSubstring("| 3.2 ± 3.2 | 7.77 ± 0.66 |") &&
                                      ContainsSubstring("Infinite values are left") &&
                                      ContainsSubstring("1 of 6 of trained layer 1.") && !ContainsSubstring(" inf"));
    CHECK_THAT(
        ran.err,
        ContainsSubstring(
            "fewer than the 2 trials have levina_bickel_original.layer_1.k30 (1) (not measured, NaN or infinite)"));
    auto const rows = table(dir);
    CHECK(rows[2].at("levina_bickel_original.layer_1.k30_mean") == "6");
    CHECK(rows[2].at("levina_bickel_original.layer_1.k30_sd") == "");
  }
  SECTION("nothing but infinite values") {
    for (auto const* id : {"a1", "a2", "b1", "b2", "c1", "c2"}) sweep.commit(in_cell(id, 2, infinity));
    auto const ran = collate(dir.string());
    CHECK_THAT(squeezed(ran.out),
               ContainsSubstring("| layer 1 | 2 | – |") && ContainsSubstring("6 of 6 of untrained layer 1"));
    CHECK_THAT(ran.err,
               ContainsSubstring("all of its 2 trials have no number of untrained.levina_bickel_original.layer_1.k30"));
    CHECK(table(dir)[0].at("untrained.levina_bickel_original.layer_1.k30_mean") == "");
  }
}

TEST_CASE_METHOD(Fixture, "controls of a single seed are plain means") {
  write_text(dir / "plan.csv", "id,train.gate_lr_factor,seed,cost\na1,0.0,42,1\nb1,0.1,42,1\n");
  sweep.commit(in_cell("a1", 1, 7.5));
  sweep.commit(in_cell("b1", 2, 7.5));
  CHECK_THAT(squeezed(collate(dir.string()).out),
             ContainsSubstring("of the only seed") && ContainsSubstring("| layer 1 | 1.5 | 7.5 |"));
}

TEST_CASE_METHOD(Fixture, "trials outside a sweep have the seed of their configuration") {
  for (auto const* id : {"0123456789ab", "ba9876543210"}) {
    auto trial = in_cell(id, id[0] == '0' ? 1 : 2, 7.5);
    trial.provenance.more = {{"configuration", "[data]\nseed = 7\n\n[train]\nseed = 42\nepochs = 2\n"}};
    analysis::trial_file::write_trial(root.path() / id / "trial.h5", trial);
  }
  auto const folder = [&](char const* id) { return (root.path() / id).string(); };
  CHECK_THAT(squeezed(collate(folder("0123456789ab") + " " + folder("ba9876543210")).out),
             ContainsSubstring("of the only seed") && ContainsSubstring("| layer 1 | 1.5 | 7.5 |"));
  CHECK(read_folder(root.path() / "0123456789ab").trials.at(0).seed == "42");
}
