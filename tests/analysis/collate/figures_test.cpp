#include "analysis/collate/figures.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "analysis/collate/trials.hpp"
#include "store/atomic_file.hpp"
#include "support/data_blocks.hpp"
#include "support/gnuplot.hpp"
#include "support/path_without.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

// The figures' data files against the table that they are drawn from.

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

std::vector<DrawnFigure> drawn(SweepFolder const& sweep, fs::path const& folder) {
  auto const table = tabulate(sweep);
  return draw_sweep(table, sweep, {}, compare_with_baseline(table, sweep, {}), folder);
}

std::set<std::string> names_of(std::vector<DrawnFigure> const& figures) {
  std::set<std::string> names;
  for (auto const& figure : figures) names.insert(figure.name);
  return names;
}

void check_interval(std::vector<double> const& row, Interval const& interval) {
  REQUIRE(row.size() == 4);
  CHECK(row[1] == Approx(interval.mean));
  // Equal values have no interval.
  CHECK((row[2] == Approx(interval.low) || (std::isnan(row[2]) && std::isnan(interval.low))));
  CHECK((row[3] == Approx(interval.high) || (std::isnan(row[3]) && std::isnan(interval.high))));
}

/// The curves' points, in the order of the curves.
void check_means(DrawnPanel const& panel, std::vector<Rows> const& curves, bool logarithmic = false) {
  std::vector<Plot> points;
  for (auto const& plot : panel.plots)
    if (!plot.marks.empty() && plot.strokes.empty()) points.push_back(plot);
  REQUIRE(points.size() == curves.size());
  for (std::size_t c = 0; c < curves.size(); ++c) {
    REQUIRE(points[c].marks.size() == curves[c].size());
    for (std::size_t i = 0; i < curves[c].size(); ++i)
      CHECK(panel.y.value(points[c].marks[i].at.y, logarithmic) == Approx(curves[c][i][1]).epsilon(0.005).margin(0.01));
  }
}

/// `cells` values of one axis with three seeds each; measures as `more` says besides those of trials.hpp.
SweepFolder sweep_of(fs::path const& folder, int cells, std::vector<std::pair<std::string, double>> const& more = {}) {
  SweepFolder sweep;
  sweep.axes = {"train.gate_lr_factor"};
  for (int c = 0; c < cells; ++c)
    for (int seed = 0; seed < 3; ++seed) {
      auto const id = fmt::format("c{}s{}", c, seed);
      auto result = trial_of(id, 8 + 0.25 * c + 0.5 * seed);
      result.horizon.bayes_mse = {6, 6.5};
      result.horizon.excess_mse = {result.test_mse - 6, result.test_mse - 5.5};
      for (auto& column : result.history.columns)
        if (column.name == "val_mse") column.values = {9.0 + seed, 8.5 + c};
      CollatedTrial trial{.id = id,
                          .axes = {{"train.gate_lr_factor", fmt::format("{}", c)}},
                          .seed = fmt::format("{}", seed),
                          .outcome = analysis::collate::Outcome::done,
                          .reason = "",
                          .result = {},
                          .file = folder / (id + ".h5")};
      analysis::trial_file::write_trial(trial.file, result);
      trial.result = analysis::trial_file::read_trial(trial.file);
      for (auto const& [name, value] : more) trial.result->measures.set(name, value + seed);
      sweep.trials.push_back(std::move(trial));
    }
  return sweep;
}

}  // namespace

TEST_CASE("the figures of a sweep hold the numbers of its table") {
  TemporaryFolder const trials, out;
  auto const sweep = sweep_of(trials.path(), 2);
  auto const table = tabulate(sweep);
  auto const figures = drawn(sweep, out.path());
  CHECK(names_of(figures) ==
        std::set<std::string>{"sweep_summary", "sweep_errors", "sweep_training", "sweep_dimension"});
  for (auto const& figure : figures) {
    CAPTURE(figure.name, figure.caption);
    CHECK_FALSE(figure.title.empty());
    CHECK_THAT(figure.caption, ContainsSubstring("95 % confidence interval of the mean over 3 seeds"));
  }

  auto const dimension = data_blocks(out.path() / "plots/sweep_dimension_levina_bickel.dat");
  REQUIRE(dimension.at("1").size() == 3);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    constexpr char const* names[] = {"input", "layer_1", "output"};
    CHECK(dimension.at("1")[layer][0] == static_cast<double>(layer));
    check_interval(dimension.at("1")[layer],
                   table.cells[1].measures.at(fmt::format("levina_bickel_original.{}.k30", names[layer])));
    check_interval(data_blocks(out.path() / "plots/sweep_dimension_two_nn.dat").at("0")[layer],
                   table.cells[0].measures.at(fmt::format("two_nn_ml.{}", names[layer])));
  }
  CHECK(dimension.at("untrained")[1][1] == 49);
  CHECK(dimension.at("shuffled features")[2][1] == 53);
  for (auto const& row : dimension.at("noise-free signal")) CHECK(row[1] == 31.5);
  CHECK(dimension.at("pure noise").size() == 3);

  auto const excess = data_blocks(out.path() / "plots/sweep_errors_excess_mse.dat");
  auto const test = data_blocks(out.path() / "plots/sweep_errors_test_mse.dat");
  REQUIRE(excess.at("0").size() == 2);
  CHECK(excess.at("0")[1][0] == 4);
  check_interval(excess.at("0")[1], table.cells[0].measures.at("excess_mse.h4"));
  check_interval(test.at("1")[0], table.cells[1].measures.at("test_mse.h1"));
  CHECK(test.at("Bayes optimum")[1][1] == 6.5);
  CHECK_FALSE(excess.contains("Bayes optimum"));

  auto const summary = data_blocks(out.path() / "plots/sweep_summary_excess_mse.dat");
  REQUIRE(summary.at("Mean over seeds").size() == 2);
  check_interval(summary.at("Mean over seeds")[1], table.cells[1].measures.at("excess_mse.h1"));
  CHECK(summary.at("Single seed") == Rows{{0, 2}, {0, 2.5}, {0, 3}, {1, 2.25}, {1, 2.75}, {1, 3.25}});
  check_interval(data_blocks(out.path() / "plots/sweep_summary_dimension.dat").at("Mean over seeds")[0],
                 table.cells[0].measures.at("levina_bickel_original.layer_1.k30"));

  auto const training = data_blocks(out.path() / "plots/sweep_training_val_mse.dat");
  check_interval(training.at("0")[0], interval_of(std::vector{9.0, 10.0, 11.0}));
  check_interval(training.at("1")[1], interval_of(std::vector{9.5, 9.5, 9.5}));

  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  for (auto const& figure : figures) {
    CAPTURE(figure.name);
    CHECK(fs::file_size(out.path() / (figure.name + ".png")) > 1000);
    CHECK_FALSE(read_figure(out.path() / (figure.name + ".svg")).panels.empty());
  }
  auto const errors = read_figure(out.path() / "sweep_errors.svg");
  REQUIRE(errors.panels.size() == 2);
  CHECK(errors.panels[1].x.labels() == std::vector<std::string>{"1", "4"});
  for (char const* words : {"Test error beyond the Bayes optimum", "Test error", "MSE", "Horizon, steps",
                            "Gate learning-rate factor:", "0", "1"})
    CHECK(errors.says(words));
  check_means(errors.panels[0], {excess.at("0"), excess.at("1")});
  check_means(errors.panels[1], {test.at("0"), test.at("1")});
  auto const by_layer = read_figure(out.path() / "sweep_dimension.svg");
  REQUIRE(by_layer.panels.size() == 2);
  CHECK(by_layer.panels[1].x.labels() == std::vector<std::string>{"in", "1", "out"});
  for (char const* words :
       {"Levina-Bickel, original form, k = 30", "TwoNN, maximum likelihood", "Intrinsic dimension", "Layer"})
    CHECK(by_layer.says(words));
  check_means(by_layer.panels[0], {dimension.at("0"), dimension.at("1")}, true);
  auto const by_epoch = read_figure(out.path() / "sweep_training.svg");
  for (char const* words : {"Validation loss", "Epoch", "MSE, mean over horizons"}) CHECK(by_epoch.says(words));
  REQUIRE(by_epoch.panels.size() == 1);
  check_means(by_epoch.panels[0], {training.at("0"), training.at("1")});
  auto const by_value = read_figure(out.path() / "sweep_summary.svg");
  REQUIRE(by_value.panels.size() == 3);
  CHECK(by_value.panels[2].x.labels() == std::vector<std::string>{"0", "1"});
  for (char const* words :
       {"Gate learning-rate factor", "Single seed", "Mean over seeds", "1 step ahead",
        "Bayes optimum, 1 step ahead: 6.", "4 steps ahead", "Bars: 95 % confidence interval of the mean over 3 seeds."})
    CHECK(by_value.says(words));
  check_means(by_value.panels[0], {summary.at("Single seed"), summary.at("Mean over seeds")});
}

TEST_CASE("differences from the baseline have a row each, with its seeds, its p, and a line at zero") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 3);
  sweep.sweep_toml[trials.path()] = "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 2 }\n";
  for (auto& trial : sweep.trials) trial.folder = trials.path();
  // Unlike seeds, so that there is an interval.
  auto& measures = sweep.trials[0].result->measures;
  REQUIRE(measures.find("test_mse"));
  measures.set("test_mse", *measures.find("test_mse") + 0.125);
  auto const figures = drawn(sweep, out.path());
  CHECK(names_of(figures).contains("sweep_differences"));
  auto const test = data_blocks(out.path() / "plots/sweep_differences_test_mse.dat");
  CHECK(test.at("Single seed") == Rows{{-0.375, 1}, {-0.5, 1}, {-0.5, 1}, {-0.25, 0}, {-0.25, 0}, {-0.25, 0}});
  REQUIRE(test.at("Mean over seeds").size() == 2);
  CHECK(test.at("Mean over seeds")[0][0] == Approx(-1.375 / 3));
  CHECK(test.at("No difference") == Rows{{0, -0.5}, {0, 1.5}});
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = read_figure(out.path() / "sweep_differences.svg");
  CHECK(drawing.panels[0].y.labels() == std::vector<std::string>{"1", "0"});  // from below
  for (char const* words :
       {"Test MSE", "Excess MSE, 1 step", "Difference",
        "Rows: Gate learning-rate factor, each minus the baseline (Gate learning-rate factor = 2), paired by seed."})
    CHECK(drawing.says(words));
  CHECK(std::any_of(drawing.texts.begin(), drawing.texts.end(),
                    [](auto const& text) { return text.words.starts_with("p "); }));
  auto const summary = read_figure(out.path() / "sweep_summary.svg");
  CHECK(summary.says("baseline"));
}

TEST_CASE("differences without a pair of seeds are counted, not drawn") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 40);
  sweep.sweep_toml[trials.path()] = "[sweep]\nbaseline = { \"train.gate_lr_factor\" = 0 }\n";
  for (auto& trial : sweep.trials) {
    trial.folder = trials.path();
    if (std::atoi(trial.axes.at("train.gate_lr_factor").c_str()) < 3) continue;
    trial.outcome = analysis::collate::Outcome::missing;
    trial.result.reset();
  }
  auto const figures = drawn(sweep, out.path());
  CHECK(std::count_if(figures.begin(), figures.end(),
                      [](auto const& figure) { return figure.name.starts_with("sweep_differences"); }) == 1);
  auto const test = data_blocks(out.path() / "plots/sweep_differences_test_mse.dat");
  CHECK(test.at("Mean over seeds").size() == 2);
  for (auto const& figure : figures) {
    if (figure.name == "sweep_differences") {
      CHECK_THAT(figure.caption, ContainsSubstring("without a pair of seeds."));
      CHECK_THAT(figure.caption, !ContainsSubstring(figure.title + "."));
    }
    // In words, not as the key that sweep.toml has.
    CHECK_THAT(figure.caption, !ContainsSubstring("train.gate_lr_factor"));
  }
}

TEST_CASE("0 stands apart on the swept axis, and cells that lost seeds say so") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 4);
  constexpr char const* values[] = {"0.0", "0.01", "0.1", "1.0"};
  for (auto& trial : sweep.trials) trial.axes["train.gate_lr_factor"] = values[trial.id[1] - '0'];
  for (auto& trial : sweep.trials)
    if (trial.id == "c2s1") trial.outcome = analysis::collate::Outcome::failed, trial.result.reset();
  (void)drawn(sweep, out.path());
  auto const excess = data_blocks(out.path() / "plots/sweep_summary_excess_mse.dat");
  CHECK(excess.at("Mean over seeds")[0][0] == 0);
  CHECK(excess.at("Mean over seeds, open").size() == 1);
  CHECK(excess.at("Mean over seeds, open")[0][0] == 0.1);
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = read_figure(out.path() / "sweep_summary.svg");
  CHECK(drawing.panels[0].x.labels() == std::vector<std::string>{"0", "0.01", "0.1", "1"});
  CHECK(drawing.says("2 of 3"));
  CHECK(read_figure(out.path() / "sweep_dimension.svg").says("0.1 (2 of 3 seeds)"));
}

TEST_CASE(
    "of several axes the summary has the first along x, a curve for each value of the second, a panel of the third") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 8);
  sweep.axes = {"train.gate_lr_factor", "model.d_state", "train.lr"};
  for (auto& trial : sweep.trials) {
    auto const cell = std::atoi(trial.axes.at("train.gate_lr_factor").c_str());
    trial.axes = {{"train.gate_lr_factor", fmt::format("{}", cell / 4)},
                  {"model.d_state", cell / 2 % 2 == 0 ? "8" : "16"},
                  {"train.lr", cell % 2 == 0 ? "1e-4" : "1e-3"}};
  }
  std::erase_if(sweep.trials, [](auto const& trial) { return trial.id == "c7s2"; });
  auto const table = tabulate(sweep);
  auto const figures = drawn(sweep, out.path());
  auto const first = data_blocks(out.path() / "plots/sweep_summary_excess_mse.dat");
  auto const second = data_blocks(out.path() / "plots/sweep_summary_excess_mse_2.dat");
  check_interval(first.at("8")[1], table.cells[4].measures.at("excess_mse.h1"));
  check_interval(second.at("16")[0], table.cells[3].measures.at("excess_mse.h1"));
  CHECK(second.at("Single seed").size() == 11);
  // By layer, a page for each setting of the other axes.
  CHECK(names_of(figures).contains("sweep_dimension_4"));
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = read_figure(out.path() / "sweep_summary.svg");
  CHECK(drawing.says("Number of states per channel (d_state):"));
  CHECK(drawing.says("4 steps ahead, learning rate = 0.001"));
  CHECK(read_figure(out.path() / "sweep_dimension_4.svg").says("At d_state = 16, learning rate = 0.001."));
}

TEST_CASE("with one horizon, errors are drawn against the swept axis, the optimum beside them") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 3);
  for (auto& trial : sweep.trials) {
    mambasynth::analysis::trial_file::Measures kept;
    for (auto const& [name, value] : trial.result->measures)
      if (!name.ends_with(".h4")) kept.set(name, value);
    trial.result->measures = kept;
  }
  (void)drawn(sweep, out.path());
  auto const test = data_blocks(out.path() / "plots/sweep_errors_test_mse.dat");
  CHECK(test.at("Mean over seeds").size() == 3);
  CHECK(test.at("Bayes optimum")[0][1] == 6);
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = read_figure(out.path() / "sweep_errors.svg");
  CHECK((drawing.says("Gate learning-rate factor") && drawing.says("Off scale: Bayes optimum 6 ↓")));
  CHECK_FALSE(drawing.says("Horizon, steps"));
}

TEST_CASE("a single cell has no summary") {
  TemporaryFolder const trials, out;
  auto const figures = names_of(drawn(sweep_of(trials.path(), 1), out.path()));
  CHECK_FALSE(figures.contains("sweep_summary"));
  CHECK(figures.contains("sweep_errors"));
}

TEST_CASE("a panel for each probe, with its controls beside it") {
  TemporaryFolder const trials, out;
  std::vector<std::pair<std::string, double>> probes;
  for (auto const* layer : {"input", "layer_1"})
    for (auto const* score : {"circle.balanced_accuracy", "circle.untrained_balanced_accuracy",
                              "circle.shuffled_balanced_accuracy", "circle.accuracy", "phase.r2"})
      probes.emplace_back(fmt::format("probe.{}.{}", score, layer), 0.05 * static_cast<double>(probes.size()));
  auto sweep = sweep_of(trials.path(), 2);
  for (auto& trial : sweep.trials)
    for (auto const& [name, value] : probes)
      trial.result->measures.set(name, value + 0.01 * std::atoi(trial.seed.c_str()));
  auto const table = tabulate(sweep);
  (void)drawn(sweep, out.path());
  auto const circle = data_blocks(out.path() / "plots/sweep_probes_circle_balanced_accuracy.dat");
  CHECK(circle.size() == 4);
  check_interval(circle.at("0")[1], table.cells[0].measures.at("probe.circle.balanced_accuracy.layer_1"));
  CHECK(circle.at("untrained")[1][1] == Approx(0.05 * 6 + 0.01));
  CHECK(circle.at("shuffled (chance)")[0][1] == Approx(0.05 * 2 + 0.01));
  CHECK(data_blocks(out.path() / "plots/sweep_probes_phase_r2.dat").size() == 2);
  CHECK_FALSE(fs::exists(out.path() / "plots/sweep_probes_circle_accuracy.dat"));  // the balanced one says more
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = read_figure(out.path() / "sweep_probes.svg");
  REQUIRE(drawing.panels.size() == 2);
  for (char const* words : {"Circle probe", "Balanced accuracy", "Phase probe", "R²"}) CHECK(drawing.says(words));
  check_means(drawing.panels[0], {circle.at("0"), circle.at("1")});
  for (auto& trial : sweep.trials) trial.result->facts.emplace_back("data_foreign_because", "no generator is known");
  (void)drawn(sweep, out.path());
  CHECK(read_figure(out.path() / "sweep_probes.svg").says("Label probe"));
}

TEST_CASE("intervals of a bounded score end at its bounds") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 2);
  for (auto& trial : sweep.trials) {
    double const value = trial.seed == "0" ? 0.2 : 0.99;
    for (auto const* layer : {"input", "layer_1"})
      trial.result->measures.set(fmt::format("probe.phase.r2.{}", layer), value);
  }
  (void)drawn(sweep, out.path());
  auto const found = data_blocks(out.path() / "plots/sweep_probes_phase_r2.dat");
  for (auto const& row : found.at("0")) CHECK(row[3] <= 1);
}

TEST_CASE("references weigh seeds alike, and nothing infinite is drawn") {
  TemporaryFolder const trials, out;
  auto sweep =
      sweep_of(trials.path(), 2, {{"probe.circle.accuracy.input", 0}, {"probe.circle.untrained_accuracy.input", 5}});
  std::erase_if(sweep.trials, [](auto const& trial) { return trial.id == "c1s2"; });
  for (auto const* name : {"probe.circle.untrained_accuracy.input", "excess_mse.h1"}) {
    REQUIRE(sweep.trials[0].result->measures.find(name));
    sweep.trials[0].result->measures.set(name, std::numeric_limits<double>::infinity());
  }
  PathWithout const gnuplot;
  (void)drawn(sweep, out.path());
  // 5 + seed of the trials s0, s1, s2 and s0, s1, the first of them infinite: 5, 6 and 7 by seed.
  CHECK(data_blocks(out.path() / "plots/sweep_probes_circle_accuracy.dat").at("untrained")[0][1] == 6);
  CHECK(data_blocks(out.path() / "plots/sweep_summary_excess_mse.dat").at("Single seed").size() == 4);
}

TEST_CASE("more cells than curves of a page take pages with the same axes") {
  TemporaryFolder const trials, out;
  auto const sweep = sweep_of(trials.path(), 9);
  PathWithout const gnuplot;  // the scripts say it all
  (void)drawn(sweep, out.path());
  std::size_t cells = 0;
  std::set<std::string> ranges;
  for (int page = 1; page <= 2; ++page) {
    auto const name = fmt::format("sweep_errors_{}", page);
    auto const found = data_blocks(out.path() / "plots" / (name + "_test_mse.dat"));
    CHECK(found.contains("Bayes optimum"));
    CHECK(found.size() <= 1 + 5);
    cells += found.size() - 1;
    auto const script = store::read_text(out.path() / "plots" / (name + ".gp"));
    auto const range = script.rfind("set yrange");
    ranges.insert(script.substr(range, script.find('\n', range) - range));
  }
  CHECK(cells == 9);
  CHECK(ranges.size() == 1);
  CHECK_FALSE(fs::exists(out.path() / "plots/sweep_errors_3.gp"));
}

TEST_CASE("figures are drawn despite a cell without results, a single seed, or a hostile name") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 2);
  std::erase_if(sweep.trials, [](auto const& trial) { return trial.id == "c1s1" || trial.id == "c1s2"; });
  sweep.trials[0].outcome = sweep.trials[1].outcome = sweep.trials[2].outcome = analysis::collate::Outcome::missing;
  for (auto& trial : sweep.trials) trial.axes["train.gate_lr_factor"] += "`touch harmed` \"\\" + std::string(200, 'w');
  auto const figures = drawn(sweep, out.path());
  auto const found = data_blocks(out.path() / "plots/sweep_errors_test_mse.dat");
  REQUIRE(found.size() == 2);
  auto const hostile = std::find_if(found.begin(), found.end(),
                                    [](auto const& block) { return block.first.starts_with("1_touch harmed_ __ww"); });
  REQUIRE(hostile != found.end());
  CHECK(hostile->second[0][1] == 8.25);
  CHECK(std::isnan(hostile->second[0][2]));
  CHECK_FALSE(fs::exists(out.path() / "harmed"));
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  for (auto const& figure : figures) CHECK_NOTHROW(read_figure(out.path() / (figure.name + ".svg")));
}
