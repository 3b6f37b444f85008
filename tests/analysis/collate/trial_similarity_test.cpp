#include "analysis/collate/trial_similarity.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <cmath>

#include "analysis/collate/sweep_figures.hpp"
#include "analysis/collate/trials.hpp"
#include "analysis/document/rounding.hpp"
#include "analysis/document/terminal.hpp"
#include "random/numpy_generator.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
namespace document = mambasynth::analysis::document;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::int64_t rows = 60;

std::vector<float> draw(std::uint64_t seed, std::int64_t features) {
  random::NumpyGenerator random(seed);
  std::vector<float> values(static_cast<std::size_t>(rows * features));
  for (auto& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// layer_1 as `base`, in other units, and a share of noise of the trial's own.
analysis::trial_file::SharedRows shared(std::vector<float> const& base, float noise, std::uint64_t seed) {
  analysis::trial_file::SharedRows kept;
  for (std::int64_t i = 0; i < rows; ++i) kept.step.push_back(100 * i + 50);
  auto layer = draw(seed, 3);
  for (std::size_t i = 0; i < layer.size(); ++i) layer[i] = static_cast<float>(seed) * (base[i] + noise * layer[i]) + 7;
  kept.layers = {{2, draw(1, 2)}, {3, layer}, {2, draw(seed + 100, 2)}};
  return kept;
}

/// Cells 0 and 1 of three seeds each; trials of a cell share what layer_1 holds, up to noise.
class Sweep {
 public:
  Sweep() {
    sweep.axes = {"train.gate_lr_factor"};
    for (int cell = 0; cell < 2; ++cell)
      for (int seed = 1; seed <= 3; ++seed) {
        auto const id = fmt::format("{}{}", cell == 0 ? 'a' : 'b', seed);
        auto result = trial_of(id, 8);
        result.evaluation.shared =
            shared(draw(cell == 0 ? 11 : 12, 3), cell == 0 ? 0.0F : 0.3F, static_cast<std::uint64_t>(10 * cell + seed));
        sweep.trials.push_back({.id = id,
                                .axes = {{"train.gate_lr_factor", fmt::format("{}", cell)}},
                                .seed = fmt::format("{}", seed),
                                .outcome = Outcome::done,
                                .reason = "",
                                .result = {},
                                .file = folder.path() / (id + ".h5")});
        write(sweep.trials.back(), result);
      }
  }
  static void write(CollatedTrial& trial, analysis::trial_file::TrialResult const& result) {
    analysis::trial_file::write_trial(trial.file, result);
    trial.result = analysis::trial_file::read_trial(trial.file);
  }

  TemporaryFolder folder;
  SweepFolder sweep;
};

}  // namespace

TEST_CASE("trials of one cell are compared with each other and with those of others, seed by seed") {
  Sweep const given;
  auto const table = tabulate(given.sweep);
  auto const found = compare_trials(table, given.sweep);
  CHECK(found.rows == rows);
  CHECK(found.trials == 6);
  REQUIRE(found.layers.size() == 2);  // the input is the same for all
  auto const& layer = found.layers[0];
  CHECK(layer.layer == "layer_1");
  REQUIRE(layer.pairs.size() == 3);
  auto const& in_a = layer.pairs[0];
  CHECK((in_a.a == 0 && in_a.b == 0));
  CHECK(in_a.other_seed.pairs == 3);
  CHECK(in_a.other_seed.mean == Approx(1).epsilon(1e-5));
  CHECK(in_a.other_seed.se < 1e-5);
  CHECK(in_a.same_seed.pairs == 0);
  auto const& across = layer.pairs[1];
  CHECK((across.a == 0 && across.b == 1));
  CHECK(across.other_seed.pairs == 6);
  CHECK(across.same_seed.pairs == 3);
  CHECK(std::abs(across.other_seed.mean) < 0.15);
  CHECK(across.other_seed.se > 0);
  auto const& in_b = layer.pairs[2];
  CHECK((in_b.other_seed.mean > 0.7 && in_b.other_seed.mean < 0.99));
  CHECK(layer.within.pairs == 6);
  CHECK(layer.within.mean == Approx((in_a.other_seed.mean + in_b.other_seed.mean) / 2));
  CHECK(found.layers[1].layer == "output");
  CHECK(std::abs(found.layers[1].within.mean) < 0.2);

  auto const records = store::csv::parse(to_csv(found, table), "similarity.csv");
  REQUIRE(records.size() == 1 + 2 * 3);
  CHECK(records[0] == std::vector<std::string>{"layer", "a.train.gate_lr_factor", "b.train.gate_lr_factor", "pairs",
                                               "cka_mean", "cka_se", "cka_ci_low", "cka_ci_high", "cka_ceiling",
                                               "cka_p", "same_seed_pairs", "same_seed_cka_mean", "same_seed_cka_se",
                                               "same_seed_cka_ci_low", "same_seed_cka_ci_high"});
  CHECK(records[2][1] == "0");
  CHECK(records[2][2] == "1");
  CHECK(std::stod(records[2][4]) == across.other_seed.mean);
  CHECK(std::stod(records[2][7]) == Approx(across.other_seed.mean + 4.30265272974946385 * across.other_seed.se));
  CHECK(std::stod(records[2][8]) == Approx(std::sqrt(in_a.other_seed.mean * in_b.other_seed.mean)));
  // Two cells of three seeds exchange in four ways, and one of them is what was found.
  CHECK(std::stod(records[2][9]) == Approx(0.25).margin(0.05));
  CHECK(records[1][9].empty());
  CHECK(records[1][11].empty());
  CHECK_THAT(
      document::to_terminal(document::Block(similarity_table(found, table))),
      ContainsSubstring("at 60 steps") && ContainsSubstring("layer 1") &&
          ContainsSubstring(fmt::format("{:.3f} of {:.3f}, p {:.3f} (0 and 1)", across.other_seed.mean,
                                        layer.ceiling(across), layer.p(across)) +
                            " |") &&
          ContainsSubstring(
              document::text_of({.mean = layer.within.mean, .low = layer.within.low, .high = layer.within.high}, {}) +
              " |"));

  TemporaryFolder const out;
  draw_similarity(found, table, out.path());
  CHECK_THAT(store::read_text(out.path() / "plots/sweep_similarity_layer_1.dat"),
             ContainsSubstring(fmt::format("0 1 {:.4f}", across.other_seed.mean)));
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  CHECK(std::filesystem::file_size(out.path() / "sweep_similarity.png") > 1000);
  auto const drawing = read_figure(out.path() / "sweep_similarity.svg");
  REQUIRE(drawing.panels.size() == 2);
  for (char const* words : {"Layer 1", "Output", "CKA", "Gate learning-rate factor"}) CHECK(drawing.says(words));
  CHECK(drawing.panels[0].y.labels() == std::vector<std::string>{"0", "1"});
  for (auto const& panel : drawing.panels) {
    CHECK(panel.x.labels() == std::vector<std::string>{"0", "1"});
    CHECK(panel.plots.at(0).areas.size() == 3);  // a triangle: a symmetric matrix has each number twice
    CHECK(panel.plots.at(1).labels.size() == 3);
  }
  CHECK((drawing.says(fmt::format("{:.2f}", across.other_seed.mean)) ||
         drawing.says(fmt::format("{:.3f}", across.other_seed.mean))));
}

TEST_CASE("what lies at other steps or belongs to another series is not compared, what holds no rows is left out") {
  Sweep given;
  auto other_series = trial_of("a1", 8);
  other_series.provenance.data_hash = "e1e1";
  other_series.evaluation.shared = shared(draw(11, 3), 0, 1);
  Sweep::write(given.sweep.trials[0], other_series);
  auto other_steps = trial_of("a2", 8);
  other_steps.evaluation.shared = shared(draw(11, 3), 0, 2);
  other_steps.evaluation.shared.step[7] += 1;
  Sweep::write(given.sweep.trials[1], other_steps);
  Sweep::write(given.sweep.trials[2], trial_of("a3", 8));
  auto const table = tabulate(given.sweep);
  auto const found = compare_trials(table, given.sweep);
  CHECK(found.trials == 5);
  REQUIRE(found.layers.size() == 2);
  REQUIRE(found.layers[0].pairs.size() == 1);  // b with itself
  CHECK(found.layers[0].pairs[0].a == 1);
  CHECK(found.layers[0].between.pairs == 0);
  CHECK(found.unusable == 1);
  CHECK(found.groups == 3);
  CHECK_THAT(document::to_terminal(document::Block(similarity_table(found, table))),
             ContainsSubstring("5 of 6 done trials") && ContainsSubstring("of 3 series"));

  for (auto& trial : given.sweep.trials) Sweep::write(trial, trial_of(trial.id, 8));
  auto const none = compare_trials(table, given.sweep);
  CHECK(none.layers.empty());
  CHECK(similarity_table(none, table).columns.empty());
}

TEST_CASE("two seeds give a mean without an error") {
  Sweep given;
  std::erase_if(given.sweep.trials, [](auto const& trial) { return trial.seed == "3"; });
  auto const table = tabulate(given.sweep);
  auto const found = compare_trials(table, given.sweep);
  CHECK(found.layers[0].pairs[0].other_seed.pairs == 1);
  CHECK(std::isnan(found.layers[0].pairs[0].other_seed.se));
}

TEST_CASE("the error of a mean over pairs is that of the seeds, one left out at a time") {
  // Cell 0's pairs of seeds: c12, c13, c23. Without seed 1 c23 is left, and so on: the jackknife over three seeds gives
  // se^2 = 2/3 sum of (c - mean)^2.
  Sweep given;
  for (auto& trial : given.sweep.trials) {
    auto result = trial_of(trial.id, 8);
    auto const seed = static_cast<std::uint64_t>(std::stoi(trial.seed));
    result.evaluation.shared =
        shared(draw(11, 3), 0.2F * static_cast<float>(seed), seed + (trial.id[0] == 'b' ? 40 : 0));
    Sweep::write(trial, result);
  }
  auto const table = tabulate(given.sweep);
  auto const of_seeds = [&](std::string const& left_out) {
    auto two = given.sweep;
    std::erase_if(two.trials, [&](auto const& trial) { return trial.seed == left_out; });
    return compare_trials(tabulate(two), two).layers[0].pairs[0].other_seed.mean;
  };
  double const c[] = {of_seeds("1"), of_seeds("2"), of_seeds("3")}, mean = (c[0] + c[1] + c[2]) / 3;
  auto const found = compare_trials(table, given.sweep).layers[0].pairs[0].other_seed;
  CHECK(found.mean == Approx(mean));
  CHECK(found.se == Approx(std::sqrt(2.0 / 3 *
                                     ((c[0] - mean) * (c[0] - mean) + (c[1] - mean) * (c[1] - mean) +
                                      (c[2] - mean) * (c[2] - mean)))));
  CHECK(found.se > 0.001);
}

TEST_CASE("of too many trials the first of cells over the whole plan are compared") {
  Sweep given;
  auto const first = given.sweep.trials[0], second = given.sweep.trials[1];
  given.sweep.trials.clear();
  constexpr int cells = 300;
  for (int cell = 0; cell < cells; ++cell)
    for (auto trial : {first, second, second}) {
      trial.axes = {{"train.gate_lr_factor", fmt::format("{}", cell)}};
      given.sweep.trials.push_back(trial);
    }
  auto const found = compare_trials(tabulate(given.sweep), given.sweep);
  CHECK(found.done == 3 * cells);
  CHECK(found.trials == 128);
  CHECK(found.layers[0].pairs.back().b == 63 * cells / 64);
  TemporaryFolder const out;
  draw_similarity(found, tabulate(given.sweep), out.path());
  CHECK(std::filesystem::is_empty(out.path()));
}

TEST_CASE("trials without a plan are each a seed of their own; one seed alone is not drawn") {
  Sweep given;
  for (auto& trial : given.sweep.trials) trial.seed.clear();
  auto const apart = compare_trials(tabulate(given.sweep), given.sweep);
  CHECK(apart.layers[0].within.pairs == 6);
  CHECK(apart.layers[0].pairs[0].same_seed.pairs == 0);
  for (auto& trial : given.sweep.trials) trial.seed = "1";
  std::erase_if(given.sweep.trials, [](auto const& trial) { return trial.id != "a1" && trial.id != "b1"; });
  auto const table = tabulate(given.sweep);
  auto const alone = compare_trials(table, given.sweep);
  CHECK(alone.layers[0].pairs.size() == 1);
  CHECK(alone.layers[0].pairs[0].same_seed.pairs == 1);
  CHECK(similarity_table(alone, table).columns.empty());
  TemporaryFolder const out;
  draw_similarity(alone, table, out.path());
  CHECK(std::filesystem::is_empty(out.path()));
}
