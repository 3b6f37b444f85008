#include "trial/training_figures.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <vector>

#include "store/atomic_file.hpp"
#include "support/data_blocks.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::trial;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// The rows of a data file, without comments.
std::vector<std::vector<double>> rows(std::filesystem::path const& file) {
  std::vector<std::vector<double>> found;
  std::istringstream lines(store::read_text(file));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    auto& row = found.emplace_back();
    for (std::string word; words >> word;) row.push_back(word.starts_with("0x") ? 0 : std::stod(word));
  }
  return found;
}

tests::Drawing drawing_of(std::filesystem::path const& folder, std::string const& name) {
  CHECK(std::filesystem::file_size(folder / (name + ".png")) > 1000);
  return tests::read_figure(folder / (name + ".svg"));
}

/// The line's points in units of the axes, (epoch, loss).
void check_line(tests::DrawnPanel const& panel, tests::Plot const& plot, std::vector<double> const& loss,
                tests::Axis const& x) {
  auto const points = panel.values(plot.line(), {}, &x);
  REQUIRE(points.size() == loss.size());
  for (std::size_t i = 0; i < loss.size(); ++i) {
    CHECK(points[i].x == Approx(static_cast<double>(i + 1)).margin(0.01));
    CHECK(points[i].y == Approx(loss[i]).epsilon(0.005));
  }
}

}  // namespace

TEST_CASE("the figure shows the measured losses of a training and nothing else") {
  tests::TemporaryFolder folder;
  std::vector<std::int64_t> const epoch{1, 2, 3, 4};
  std::vector<double> const train{27.5, 20, 12, 9}, none(4, undefined), validation{27, 19, 12.25, 9.5},
      test{undefined, 19.5, undefined, 9.75}, lr{1e-5, 3e-4, 2e-4, 3e-6};
  draw_training_loss({.epoch = epoch,
                      .train = train,
                      .train_eval = none,
                      .validation = validation,
                      .test = test,
                      .learning_rate = lr,
                      .bayes_test = 8.25},
                     folder.path());
  auto const losses = tests::data_blocks(folder.path() / "plots/training_loss_loss.dat");
  using Rows = std::vector<std::vector<double>>;
  CHECK(losses.at("Training, dropout on") == Rows{{1, 27.5}, {2, 20}, {3, 12}, {4, 9}});
  CHECK(losses.at("Test") == Rows{{2, 19.5}, {4, 9.75}});
  CHECK(losses.at("Bayes, test") == Rows{{1, 8.25}, {4, 8.25}});
  CHECK(losses.size() == 4);  // not what was not measured
  CHECK(tests::data_blocks(folder.path() / "plots/training_loss_rate.dat").at("Learning rate").at(1) ==
        std::vector<double>{2, 3e-4});
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = drawing_of(folder.path(), "training_loss");
  for (char const* words : {"Epoch", "Loss (MSE, mean over horizons)", "Learning rate", "Training, dropout on",
                            "Validation", "Test", "Bayes, test"})
    CHECK(drawing.says(words));
  CHECK_FALSE(drawing.says("Training, dropout off"));
  REQUIRE(drawing.panels.size() == 2);
  auto const& panel = drawing.panels[0];
  auto const& x = drawing.panels[1].x;
  REQUIRE(panel.plots.size() == 4);
  for (auto const& place : panel.plots[0].line()) CHECK(panel.y.value(place.y) == Approx(8.25).epsilon(0.005));
  check_line(panel, panel.plots[1], train, x);
  check_line(panel, panel.plots[2], validation, x);
  auto const tested = panel.values(panel.plots[3].points(), {}, &x);
  REQUIRE(tested.size() == 2);
  CHECK((tested[0].x == Approx(2).margin(0.01) && tested[0].y == Approx(19.5).epsilon(0.005)));
  auto const rate = drawing.panels[1].values(drawing.panels[1].plots.at(0).line());
  REQUIRE(rate.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(rate[i].y == Approx(lr[i]).margin(5e-6));
}

TEST_CASE("a long training shows its end: the first epochs are above the scale") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder folder;
  std::vector<std::int64_t> epoch;
  std::vector<double> validation;
  for (int i = 0; i < 100; ++i) epoch.push_back(i + 1), validation.push_back(i < 8 ? 30 - i : 8.2 + 0.001 * i);
  std::vector<double> const none(100, undefined);
  draw_training_loss({.epoch = epoch,
                      .train = none,
                      .train_eval = none,
                      .validation = validation,
                      .test = none,
                      .learning_rate = none,
                      .bayes_validation = 8},
                     folder.path());
  auto const drawing = drawing_of(folder.path(), "training_loss");
  CHECK((drawing.says("The first epochs lie above the scale.") && drawing.says("Bayes, val.")));
  auto const& axis = drawing.panels.at(0).y;
  CHECK(axis.ticks.size() >= 3);
  for (auto const& [at, label] : axis.ticks) CHECK(std::stod(label) < 9);
}

TEST_CASE("a training of one epoch, or without finite losses, is drawn too") {
  for (double const loss : {9.5, undefined, 0.0}) {
    CAPTURE(loss);
    tests::TemporaryFolder folder;
    std::vector<std::int64_t> const epoch{1};
    std::vector<double> const values{loss};
    draw_training_loss({.epoch = epoch,
                        .train = values,
                        .train_eval = values,
                        .validation = values,
                        .test = values,
                        .learning_rate = values},
                       folder.path());
    if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
    auto const drawing = tests::read_drawing(folder.path() / "training_loss.svg");
    CHECK((drawing.says("Epoch") && drawing.says("Loss (MSE, mean over horizons)")));
    CHECK(drawing.blank() == !(loss > 0));  // one epoch: the test loss is a point
  }
}

TEST_CASE("a window's figure shows truth, prediction and error, one row per channel, and the circles visited") {
  tests::TemporaryFolder folder;
  std::vector<float> const truth{1, -2, 3, 4, 5, -6, 0.5f, 0.25f}, prediction{1.5f, -2, 3, 3, 5, -6, 0, 0};  // (4, 2)
  std::vector<std::int64_t> const circle{2, 2, 0, 0};
  draw_next_prediction({.number = 1,
                        .channels = 2,
                        .start = 100,
                        .truth = truth,
                        .prediction = prediction,
                        .circle = circle,
                        .circles = 3},
                       folder.path());
  using Rows = std::vector<std::vector<double>>;
  CHECK(rows(folder.path() / "plots/next_prediction_1_truth.dat") == Rows{{1, 3, 5, 0.5}, {-2, 4, -6, 0.25}});
  CHECK(rows(folder.path() / "plots/next_prediction_1_prediction.dat") == Rows{{1.5, 3, 5, 0}, {-2, 3, -6, 0}});
  CHECK(rows(folder.path() / "plots/next_prediction_1_error.dat") == Rows{{0.5, 0, 0, -0.5}, {0, -1, 0, -0.25}});
  auto const visits = rows(folder.path() / "plots/next_prediction_1_circles.dat");
  REQUIRE(visits.size() == 2);
  CHECK((visits[0][0] == 100 && visits[0][1] == 102 && visits[0][3] == 2));
  CHECK((visits[1][0] == 102 && visits[1][1] == 104 && visits[1][3] == 0));
  auto const script = store::read_text(folder.path() / "plots/next_prediction_1.gp");
  // Truth and prediction share a scale; the error has its own.
  CHECK_THAT(script, ContainsSubstring("set cbrange [-6:6]") && ContainsSubstring("set cbrange [-1:1]"));
  CHECK_THAT(script, ContainsSubstring("Error, MSE 0.1953"));
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = drawing_of(folder.path(), "next_prediction_1");
  for (char const* words :
       {"Circle", "Series, x[t]", "Prediction from the steps before t", "Error, MSE 0.1953", "Channel", "Time step"})
    CHECK(drawing.says(words));
  REQUIRE(drawing.panels.size() == 4);
  REQUIRE(drawing.panels[0].plots.at(0).areas.size() == 2);
  CHECK(drawing.panels[0].plots[0].areas[0].color != drawing.panels[0].plots[0].areas[1].color);
  auto const& steps = drawing.panels[3].x;
  for (std::size_t i : {1u, 2u, 3u}) {
    REQUIRE(drawing.panels[i].plots.at(0).images.size() == 1);
    auto const& image = drawing.panels[i].plots[0].images[0];
    CHECK((image.columns == 4 && image.rows == 2));
    CHECK(steps.value(image.corner.x) == Approx(100).margin(0.01));
    CHECK(steps.value(image.corner.x + image.width) == Approx(104).margin(0.01));
  }
  CHECK(drawing.panels[1].plots[0].images[0].data != drawing.panels[2].plots[0].images[0].data);
  CHECK(drawing.panels[1].right.labels() == drawing.panels[2].right.labels());
  CHECK(drawing.panels[1].right.labels() != drawing.panels[3].right.labels());
}

TEST_CASE("a perfect prediction of a constant series without circles has color scales of minimum width") {
  tests::TemporaryFolder folder;
  std::vector<float> const zeros(30, 0);
  draw_next_prediction({.number = 0, .channels = 3, .truth = zeros, .prediction = zeros, .circle = {}}, folder.path());
  CHECK_THAT(store::read_text(folder.path() / "plots/next_prediction_0.gp"), ContainsSubstring("set cbrange [-1:1]"));
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const drawing = drawing_of(folder.path(), "next_prediction_0");
  CHECK((drawing.says("Circles unknown") && drawing.says("Error, MSE 0.0000")));
  REQUIRE(drawing.panels.size() == 4);
  CHECK(drawing.blank_panels() == 0);
}
