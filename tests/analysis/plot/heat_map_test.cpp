#include "analysis/plot/heat_map.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <cmath>

#include "support/drawing.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;

namespace {

tests::Drawing drawing_of(HeatMap const& map, bool bar) {
  tests::TemporaryFolder const folder;
  Figure figure("map", {600, 500});
  auto const commands = heat_map(figure, map, {.left = 0.2, .right = 0.8, .bottom = 0.2, .top = 0.9, .bar = bar});
  figure.set_commands("unset key\nset tics out nomirror\nset multiplot\n" + commands + "unset multiplot\n");
  figure.draw(folder.path());
  return tests::read_drawing(folder.path() / "map.svg");
}

}  // namespace

TEST_CASE("a heat map has names on both axes, a color for each cell, and a number in each cell that has a value") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  std::vector<double> const matrix{1, 0.25, std::nan(""), 0.25, 1, 0.5, std::nan(""), 0.5, 1};
  auto const drawing = drawing_of({"cells", "Similarity", "layer", {"input", "1", "output"}, matrix}, true);
  CHECK((drawing.says("Similarity") && drawing.says("layer")));
  REQUIRE(drawing.panels.size() == 1);
  auto const& panel = drawing.panels[0];
  std::vector<std::string> const names{"input", "1", "output"};
  CHECK(panel.x.labels() == names);
  CHECK(panel.y.labels() == names);
  CHECK(panel.y.ticks[0].first < panel.y.ticks[2].first);  // the first row on top
  CHECK(panel.right.labels().front() == "0");
  CHECK(panel.right.labels().back() == "1");
  REQUIRE(panel.plots.at(0).images.size() == 1);
  CHECK((panel.plots[0].images[0].columns == 3 && panel.plots[0].images[0].rows == 3));
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
  REQUIRE(panel.plots[0].images.size() == 1);
  CHECK((panel.plots[0].images[0].columns == n && panel.plots[0].images[0].rows == n));
  CHECK(panel.x.ticks.size() == n / 2);  // every second name fits
  CHECK(panel.right.ticks.empty());
}
