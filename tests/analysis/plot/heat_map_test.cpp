#include "analysis/plot/heat_map.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <cmath>

#include "analysis/plot/style.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;

namespace {

tests::Drawing drawing_of(HeatMap const& map, bool bar) {
  tests::TemporaryFolder const folder;
  Size const size{one_column, 70};
  Paper const paper(size);
  Figure figure("map", size);
  auto const room = room_of(map);
  double const side = size.height - room.above - room.below - 2;
  auto const commands = heat_map(
      figure, map, {.left = room.left + 1, .top = room.above + 1, .width = side, .height = side}, paper, {.bar = bar});
  figure.set_commands("set multiplot\n" + commands + "unset multiplot\n");
  figure.draw(folder.path());
  return tests::read_figure(folder.path() / "map.svg");
}

}  // namespace

TEST_CASE("a heat map has names on both axes, a color for each cell, and a number in each cell that has a value") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  std::vector<double> const matrix{1, 0.25, std::nan(""), 0.25, 1, 0.5, std::nan(""), 0.5, 1};
  auto const drawing =
      drawing_of({"cells", "Similarity", "layer", {"input", "1", "output"}, matrix, 0, 1, "CKA"}, true);
  CHECK((drawing.says("Similarity") && drawing.says("layer") && drawing.says("CKA")));
  REQUIRE(drawing.panels.size() == 1);
  auto const& panel = drawing.panels[0];
  std::vector<std::string> const names{"input", "1", "output"};
  CHECK(panel.x.labels() == names);
  CHECK(panel.y.labels() == names);
  CHECK(panel.y.ticks[0].first < panel.y.ticks[2].first);  // the first row on top
  CHECK(panel.right.labels().front() == "0.0");
  CHECK(panel.right.labels().back() == "1.0");
  CHECK(panel.plots.at(0).areas.size() == 7);  // a cell for each number
  std::vector<std::string> numbers;
  for (auto const& label : panel.plots.at(1).labels) {
    numbers.push_back(label.words);
    if (label.words == "0.50")
      CHECK(std::abs(label.at.x - panel.x.ticks[1].first) * std::abs(label.at.x - panel.x.ticks[2].first) < 1);
  }
  CHECK(numbers == std::vector<std::string>{"1.00", "0.25", "0.25", "1.00", "0.50", "0.50", "1.00"});
}

TEST_CASE("a heat map of many names writes no numbers") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  constexpr std::size_t n = 24;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < n; ++i) names.push_back(fmt::format("trial {}", i));
  auto const drawing = drawing_of({"cells", "Many", "trial", names, std::vector<double>(n * n, 0.5)}, false);
  REQUIRE(drawing.panels.size() == 1);
  auto const& panel = drawing.panels[0];
  REQUIRE(panel.plots.size() == 1);
  CHECK(panel.plots[0].areas.size() == n * n);
  CHECK(panel.x.ticks.size() < n);  // only some of the names fit
  CHECK(panel.x.ticks.size() >= n / 3);
  CHECK(panel.right.ticks.empty());
}

TEST_CASE("of a symmetric matrix, a triangle is drawn, in colors of its own numbers") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  std::vector<double> const matrix{0.72, 0.66, 0.63, 0.66, 0.70, 0.65, 0.63, 0.65, 0.69};
  auto const range = color_range({matrix});
  CHECK(range.low == Catch::Approx(0.6));
  CHECK(range.high == Catch::Approx(0.75));
  CHECK(color_range({{1, 0.5, 0.5, 1}}, true).high < 0.6);
  auto const drawing =
      drawing_of({"cells", "Similarity", "cell", {"a", "b", "c"}, matrix, range.low, range.high, "CKA", true}, true);
  REQUIRE(drawing.panels.size() == 1);
  std::vector<std::string> numbers;
  for (auto const& label : drawing.panels[0].plots.at(1).labels) numbers.push_back(label.words);
  CHECK(numbers == std::vector<std::string>{"0.72", "0.66", "0.70", "0.63", "0.65", "0.69"});
  CHECK(drawing.panels[0].right.labels() == std::vector<std::string>{"0.60", "0.65", "0.70", "0.75"});
}
