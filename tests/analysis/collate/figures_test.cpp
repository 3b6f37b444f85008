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
#include "support/drawing.hpp"
#include "support/gnuplot.hpp"
#include "support/path_without.hpp"
#include "support/reference.hpp"

// The figures' data files against the table that they are drawn from.

using namespace mambasynth;
using namespace mambasynth::analysis::collate;
using namespace mambasynth::tests;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

using Rows = std::vector<std::vector<double>>;

/// The blocks of a data file by the names that head them: x, mean, low, high.
std::map<std::string, Rows> blocks(fs::path const& file) {
  std::map<std::string, Rows> found;
  std::istringstream lines(store::read_text(file));
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) name = line.substr(2, line.rfind(": x mean low high") - 2);
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    auto& row = found[name].emplace_back();
    for (std::string word; words >> word;) row.push_back(std::stod(word));
  }
  return found;
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
  std::vector<Plot> drawn;
  for (auto const& plot : panel.plots)
    if (!plot.marks.empty() && !plot.strokes.empty()) drawn.push_back(plot);
  REQUIRE(drawn.size() == curves.size());
  for (std::size_t c = 0; c < curves.size(); ++c) {
    REQUIRE(drawn[c].marks.size() == curves[c].size());
    for (std::size_t i = 0; i < curves[c].size(); ++i)
      CHECK(panel.y.value(drawn[c].marks[i].at.y, logarithmic) == Approx(curves[c][i][1]).epsilon(0.005).margin(0.01));
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
  draw_sweep(table, sweep, out.path());

  auto const dimension = blocks(out.path() / "sweep_dimension_levina_bickel.dat");
  REQUIRE(dimension.at("1").size() == 3);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    constexpr char const* names[] = {"input", "layer_1", "output"};
    CHECK(dimension.at("1")[layer][0] == static_cast<double>(layer));
    check_interval(dimension.at("1")[layer],
                   table.cells[1].measures.at(fmt::format("levina_bickel_original.{}.k30", names[layer])));
    check_interval(blocks(out.path() / "sweep_dimension_two_nn.dat").at("0")[layer],
                   table.cells[0].measures.at(fmt::format("two_nn_ml.{}", names[layer])));
  }
  CHECK(dimension.at("untrained network")[1][1] == 49);
  CHECK(dimension.at("shuffled features")[2][1] == 53);
  for (auto const& row : dimension.at("noise-free signal")) CHECK(row[1] == 31.5);
  CHECK(dimension.at("pure noise").size() == 3);

  auto const excess = blocks(out.path() / "sweep_errors_excess_mse.dat");
  auto const test = blocks(out.path() / "sweep_errors_test_mse.dat");
  REQUIRE(excess.at("0").size() == 2);
  CHECK(excess.at("0")[1][0] == 4);
  check_interval(excess.at("0")[1], table.cells[0].measures.at("excess_mse.h4"));
  check_interval(test.at("1")[0], table.cells[1].measures.at("test_mse.h1"));
  CHECK(test.at("Bayes optimum")[1][1] == 6.5);
  CHECK_FALSE(excess.contains("Bayes optimum"));

  auto const summary = blocks(out.path() / "sweep_summary_excess_mse.dat");
  REQUIRE(summary.at("mean").size() == 2);
  check_interval(summary.at("mean")[1], table.cells[1].measures.at("excess_mse.h1"));
  CHECK(summary.at("mean, single values: x value") == Rows{{0, 2}, {0, 2.5}, {0, 3}, {1, 2.25}, {1, 2.75}, {1, 3.25}});
  check_interval(blocks(out.path() / "sweep_summary_dimension.dat").at("mean")[0],
                 table.cells[0].measures.at("levina_bickel_original.layer_1.k30"));
  auto const script = store::read_text(out.path() / "sweep_summary.gp");
  CHECK_THAT(script, ContainsSubstring("\"0\" 0, \"1\" 1") && ContainsSubstring("xlabel \"train.gate_lr_factor\"") &&
                         ContainsSubstring("Bayes optimum (6), one step ahead") &&
                         ContainsSubstring("layer_1 (Levina-Bickel, k = 30)") &&
                         ContainsSubstring("bars: 95 % CI over 3 seeds, without test-series error"));
  CHECK_THAT(store::read_text(out.path() / "sweep_errors.gp"),
             ContainsSubstring("bars: 95 % CI over 3 seeds, without test-series error"));
  for (auto const* name : {"sweep_dimension.gp", "sweep_training.gp"})
    CHECK_THAT(store::read_text(out.path() / name), ContainsSubstring("confidence interval of the mean over 3 seeds"));

  auto const training = blocks(out.path() / "sweep_training_val_mse.dat");
  check_interval(training.at("0")[0], interval_of(std::vector{9.0, 10.0, 11.0}));
  check_interval(training.at("1")[1], interval_of(std::vector{9.5, 9.5, 9.5}));
  CHECK_FALSE(fs::exists(out.path() / "sweep_probes.gp"));

  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  for (char const* name : {"sweep_summary", "sweep_dimension", "sweep_errors", "sweep_training"}) {
    CAPTURE(name);
    CHECK(fs::file_size(out.path() / (std::string(name) + ".png")) > 1000);
    auto const drawing = read_drawing(out.path() / (std::string(name) + ".svg"));
    CHECK_FALSE(drawing.panels.empty());
    CHECK(drawing.blank_panels() == 0);
  }
  auto const errors = read_drawing(out.path() / "sweep_errors.svg");
  REQUIRE(errors.panels.size() == 2);
  CHECK(errors.panels[1].x.labels() == std::vector<std::string>{"1", "4"});
  for (char const* words : {"Test error beyond the Bayes optimum", "Test error", "Bayes optimum", "MSE",
                            "horizon, steps", "gate_lr_factor", "0", "1"})
    CHECK(errors.says(words));
  check_means(errors.panels[0], {excess.at("0"), excess.at("1")});
  check_means(errors.panels[1], {test.at("0"), test.at("1")});
  auto const by_layer = read_drawing(out.path() / "sweep_dimension.svg");
  REQUIRE(by_layer.panels.size() == 2);
  CHECK(by_layer.panels[1].x.labels() == std::vector<std::string>{"input", "1", "output"});
  for (char const* words : {"Levina-Bickel, k = 30", "TwoNN, maximum likelihood", "dimension", "layer",
                            "untrained network", "shuffled features", "noise-free signal", "pure noise"})
    CHECK(by_layer.says(words));
  check_means(by_layer.panels[0], {dimension.at("0"), dimension.at("1")});
  auto const by_epoch = read_drawing(out.path() / "sweep_training.svg");
  for (char const* words : {"Validation loss", "epoch", "MSE, mean over horizons"}) CHECK(by_epoch.says(words));
  REQUIRE(by_epoch.panels.size() == 1);
  check_means(by_epoch.panels[0], {training.at("0"), training.at("1")}, true);
  auto const by_value = read_drawing(out.path() / "sweep_summary.svg");
  REQUIRE(by_value.panels.size() == 2);
  CHECK(by_value.panels[1].x.labels() == std::vector<std::string>{"0", "1"});
  CHECK((by_value.says("train.gate_lr_factor") && by_value.says("single trial")));
  check_means(by_value.panels[0], {summary.at("mean")});
  CHECK(by_value.panels[0].plots.back().marks.size() == 6);
}

TEST_CASE("of several axes the summary has the first along x and a curve for each of the others' values") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 4);
  sweep.axes = {"train.gate_lr_factor", "model.d_state"};
  for (auto& trial : sweep.trials) {
    auto const cell = std::atoi(trial.axes.at("train.gate_lr_factor").c_str());
    trial.axes = {{"train.gate_lr_factor", fmt::format("{}", cell / 2)}, {"model.d_state", cell % 2 == 0 ? "8" : "16"}};
  }
  std::erase_if(sweep.trials, [](auto const& trial) { return trial.id == "c3s2"; });
  auto const table = tabulate(sweep);
  PathWithout const gnuplot;
  draw_sweep(table, sweep, out.path());
  auto const excess = blocks(out.path() / "sweep_summary_excess_mse.dat");
  check_interval(excess.at("8")[1], table.cells[2].measures.at("excess_mse.h1"));
  check_interval(excess.at("16")[0], table.cells[1].measures.at("excess_mse.h1"));
  CHECK(excess.at("16, single values: x value").size() == 5);
  CHECK_THAT(
      store::read_text(out.path() / "sweep_summary.gp"),
      ContainsSubstring("\"d_state\"") && ContainsSubstring("95 % CI over 2 to 3 seeds, without test-series error"));
}

TEST_CASE("a single cell has no summary") {
  TemporaryFolder const trials, out;
  auto const sweep = sweep_of(trials.path(), 1);
  draw_sweep(tabulate(sweep), sweep, out.path());
  CHECK_FALSE(fs::exists(out.path() / "sweep_summary.gp"));
  CHECK(fs::exists(out.path() / "sweep_errors.gp"));
}

TEST_CASE("a panel each probe, and its controls beside it") {
  TemporaryFolder const trials, out;
  std::vector<std::pair<std::string, double>> probes;
  for (auto const* layer : {"input", "layer_1"})
    for (auto const* score : {"circle.accuracy", "circle.untrained_accuracy", "circle.shuffled_accuracy", "phase.r2"}) {
      auto const words = std::string(score);
      probes.emplace_back("probe." + words + "." + layer, static_cast<double>(probes.size()));
    }
  auto const sweep = sweep_of(trials.path(), 2, probes);
  auto const table = tabulate(sweep);
  draw_sweep(table, sweep, out.path());
  auto const circle = blocks(out.path() / "sweep_probes_circle_accuracy.dat");
  CHECK(circle.size() == 4);
  check_interval(circle.at("0")[1], table.cells[0].measures.at("probe.circle.accuracy.layer_1"));
  CHECK(circle.at("untrained network")[1][1] == 5 + 1);
  CHECK(circle.at("shuffled")[0][1] == 2 + 1);
  auto const phase = blocks(out.path() / "sweep_probes_phase_r2.dat");
  CHECK(phase.size() == 2);
  CHECK(phase.at("1")[0][1] == 3 + 1);
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = read_drawing(out.path() / "sweep_probes.svg");
  REQUIRE(drawing.panels.size() == 2);
  CHECK(drawing.blank_panels() == 0);
  for (char const* words : {"Probe of circle", "accuracy", "Probe of phase", "r2", "untrained network", "shuffled"})
    CHECK(drawing.says(words));
  check_means(drawing.panels[0], {circle.at("0"), circle.at("1")});
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
  draw_sweep(tabulate(sweep), sweep, out.path());
  // 5 + seed of the trials s0, s1, s2 and s0, s1, the first of them infinite: 5, 6 and 7 by seed.
  CHECK(blocks(out.path() / "sweep_probes_circle_accuracy.dat").at("untrained network")[0][1] == 6);
  CHECK(blocks(out.path() / "sweep_summary_excess_mse.dat").at("mean, single values: x value").size() == 4);
}

TEST_CASE("more cells than colors take pages with the same axes") {
  TemporaryFolder const trials, out;
  auto const sweep = sweep_of(trials.path(), 9);
  PathWithout const gnuplot;  // the scripts say it all
  draw_sweep(tabulate(sweep), sweep, out.path());
  std::size_t cells = 0;
  std::set<std::string> ranges;
  for (int page = 1; page <= 2; ++page) {
    auto const name = fmt::format("sweep_errors_{}", page);
    auto const found = blocks(out.path() / (name + "_test_mse.dat"));
    CHECK(found.contains("Bayes optimum"));
    CHECK(found.size() <= 1 + 5);
    cells += found.size() - 1;
    auto const script = store::read_text(out.path() / (name + ".gp"));
    auto const range = script.rfind("set yrange");
    ranges.insert(script.substr(range, script.find('\n', range) - range));
  }
  CHECK(cells == 9);
  CHECK(ranges.size() == 1);
  CHECK_FALSE(fs::exists(out.path() / "sweep_errors_3.gp"));
}

TEST_CASE("a cell without results, one seed, or a hostile name is no obstacle") {
  TemporaryFolder const trials, out;
  auto sweep = sweep_of(trials.path(), 2);
  std::erase_if(sweep.trials, [](auto const& trial) { return trial.id == "c1s1" || trial.id == "c1s2"; });
  sweep.trials[0].outcome = sweep.trials[1].outcome = sweep.trials[2].outcome = analysis::collate::Outcome::missing;
  for (auto& trial : sweep.trials) trial.axes["train.gate_lr_factor"] += "`touch harmed` \"\\";
  draw_sweep(tabulate(sweep), sweep, out.path());
  auto const found = blocks(out.path() / "sweep_errors_test_mse.dat");
  REQUIRE(found.size() == 2);
  auto const& rows = found.at("1_touch harmed_ __");
  CHECK(rows[0][1] == 8.25);
  CHECK(std::isnan(rows[0][2]));
  CHECK_FALSE(fs::exists(out.path() / "harmed"));
}
