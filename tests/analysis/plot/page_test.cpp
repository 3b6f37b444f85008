#include "analysis/plot/page.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

Series series_of(std::string const& name, std::vector<double> const& y, double half, Spread spread) {
  Series series{.name = name, .style = category_style(0), .x = {}, .y = y};
  for (std::size_t i = 0; i < y.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.low.push_back(y[i] - half), series.high.push_back(y[i] + half);
  }
  series.spread = spread;
  return series;
}

Page page_of(std::vector<Panel> panels) {
  return {.name = "page", .panels = std::move(panels), .notes = {"Bars: made up."}};
}

tests::Drawing drawing_of(Page const& page, tests::TemporaryFolder const& folder) {
  draw_page(page, folder.path());
  return tests::read_figure(folder.path() / (page.name + ".svg"));
}

/// The plots that have points.
std::vector<tests::Plot> with_points(tests::DrawnPanel const& panel) {
  std::vector<tests::Plot> found;
  std::copy_if(panel.plots.begin(), panel.plots.end(), std::back_inserter(found),
               [](auto const& plot) { return !plot.marks.empty(); });
  return found;
}

}  // namespace

TEST_CASE("points, lines and intervals lie where their numbers are, joined or not, as bars or as bands") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  for (auto const spread : {Spread::bars, Spread::band})
    for (bool const log : {false, true}) {
      CAPTURE(spread == Spread::band, log);
      tests::TemporaryFolder const folder;
      std::vector<double> const y{3, 4, 8};
      Panel panel{.part = "values",
                  .title = "Values",
                  .x = number_axis("Place", 0.5, 4, log),
                  .y = number_axis("Value", 1, 10, log)};
      panel.series.push_back(series_of("a", y, 0.5, spread));
      auto const drawing = drawing_of(page_of({panel}), folder);
      for (char const* words : {"Values", "Place", "Value", "a", "Bars: made up."}) CHECK(drawing.says(words));
      REQUIRE(drawing.panels.size() == 1);
      auto const& drawn = drawing.panels[0];
      auto const points = with_points(drawn);
      REQUIRE(points.size() == 1);
      auto const at = drawn.values(points[0].points(), {log, log});
      REQUIRE(at.size() == 3);
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(at[i].x == Approx(static_cast<double>(i + 1)).epsilon(0.01));
        CHECK(at[i].y == Approx(y[i]).epsilon(0.01));
      }
      CHECK_THAT(store::read_text(folder.path() / "plots/page_values.dat"),
                 ContainsSubstring("# a: x y low high\n1 3 2.5 3.5\n"));
      if (spread == Spread::band) {
        REQUIRE(drawn.plots[0].areas.size() == 1);
        auto const corner = drawn.values(drawn.plots[0].areas[0].corners, {log, log});
        CHECK(std::any_of(corner.begin(), corner.end(), [](auto const& c) { return std::abs(c.y - 8.5) < 0.1; }));
      } else {
        REQUIRE(drawn.plots[0].strokes.size() == 3);
        auto const bar = drawn.values(drawn.plots[0].strokes[2].path, {log, log});
        CHECK(bar[0].y == Approx(7.5).epsilon(0.01));
        CHECK(bar[1].y == Approx(8.5).epsilon(0.01));
        CHECK(bar[0].x == Approx(bar[1].x).epsilon(0.001));  // in place, beside nothing
      }
    }
}

TEST_CASE("a missing point interrupts the line, and a point alone in a band has a bar") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder const folder;
  Panel panel{.part = "values", .title = "", .x = number_axis("Place", 0, 6), .y = number_axis("Value", 0, 6)};
  panel.series.push_back(series_of("a", {2, 3, std::nan(""), 4}, 0.5, Spread::band));
  auto const drawing = drawing_of(page_of({panel}), folder);
  auto const& plots = drawing.panels.at(0).plots;
  REQUIRE(plots.size() == 4);  // band, bar, line, points
  CHECK(plots[1].strokes.size() == 1);
  REQUIRE(plots[2].strokes.size() == 1);  // from 1 to 2
  CHECK(plots[2].strokes[0].path.size() == 2);
  CHECK(plots[3].marks.size() == 3);
}

TEST_CASE("0 stands apart on a logarithmic axis: no line leads to it, and its tick says 0") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder const folder;
  Panel panel{.part = "values", .title = "", .x = {}, .y = number_axis("Value", 0, 6)};
  panel.x = {.title = "Factor",
             .low = 0.0005,
             .high = 2,
             .log = true,
             .ticks = {{0, "0"}, {0.01, "0.01"}, {0.1, "0.1"}, {1, "1\nbaseline"}},
             .zero = 0.001};
  auto series = series_of("a", {4, 3, 2, 1}, 0.2, Spread::bars);
  series.x = {0, 0.01, 0.1, 1};
  series.open = {false, true, false, false};
  panel.series.push_back(series);
  auto const drawing = drawing_of(page_of({panel}), folder);
  auto const& drawn = drawing.panels.at(0);
  CHECK(drawn.x.labels() == std::vector<std::string>{"0", "0.01", "0.1", "1"});
  CHECK(drawing.says("baseline"));
  auto const points = with_points(drawn);
  REQUIRE(points.size() == 2);  // filled and open
  CHECK(points[0].marks.size() == 3);
  CHECK(points[1].marks.size() == 1);
  CHECK(std::abs(points[0].marks[0].at.x - drawn.x.ticks[0].first) < 0.1);
  for (auto const& plot : drawn.plots)
    for (auto const& stroke : plot.strokes)
      for (auto const& place : stroke.path)
        if (stroke.path.front().x != stroke.path.back().x) CHECK(place.x > drawn.x.ticks[0].first + 1);
  CHECK_THAT(store::read_text(folder.path() / "plots/page_values.dat"), ContainsSubstring("\n0 4 3.8 4.2\n\n0.01 3"));
}

TEST_CASE("references never set the scale: what is off it is named above the panel, the others at the edge") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder const folder;
  Panel panel{.part = "values", .title = "Dimension", .x = number_axis("Layer", 0, 4), .y = {}};
  panel.series.push_back(series_of("a", {3, 2, 1.5}, 0.1, Spread::bars));
  Extent extent;
  extent.add(panel.series[0].y);
  panel.y = extent.axis("Value");
  panel.references = {{"shuffled", {0, 2, 4}, {15, 45, 47}, 0},
                      level("noise", panel.x, 0.2, 1),
                      level("untrained", panel.x, 2, 2),
                      level("signal", panel.x, 2.02, 3)};
  auto const drawing = drawing_of(page_of({panel}), folder);  // the two names at almost the same height do not touch
  CHECK(drawing.says("Off scale: shuffled 15–47 ↑; noise 0.2 ↓"));
  CHECK((drawing.says("untrained") && drawing.says("signal")));
  CHECK(panel.y.high < 3.5);
}

TEST_CASE("panels in a grid have the same edges, and labels of a shared axis stand once") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder const folder;
  std::vector<Panel> panels;
  for (int i = 0; i < 4; ++i) {
    Panel panel{
        .part = fmt::format("p{}", i), .title = fmt::format("Panel {}", i), .x = number_axis("Place", 0, 4), .y = {}};
    double const scale = std::pow(1000, i % 2);
    panel.y = number_axis("Value", 0, 6 * scale);
    panel.series.push_back(series_of("a", {3 * scale, 2 * scale, 1 * scale}, 0.1, Spread::bars));
    panels.push_back(panel);
  }
  auto page = page_of(panels);
  page.width = two_columns, page.columns = 2;
  auto const drawing = drawing_of(page, folder);
  REQUIRE(drawing.panels.size() == 4);
  CHECK(drawing.panels[0].x.labels().empty());
  CHECK(drawing.panels[1].x.labels().empty());
  CHECK_FALSE(drawing.panels[2].x.labels().empty());
  CHECK(std::count_if(drawing.texts.begin(), drawing.texts.end(),
                      [](auto const& text) { return text.words == "Place"; }) == 2);
  CHECK(std::count_if(drawing.texts.begin(), drawing.texts.end(), [](auto const& text) { return text.words == "a"; }) ==
        1);
}

TEST_CASE("long names, many entries and many ticks neither leave the page nor touch") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder const folder;
  std::string const longest(200, 'W');
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back(fmt::format("place {}", i));
  Panel panel{.part = "values", .title = longest, .x = named_axis("Place", names), .y = number_axis("Value", 0, 12)};
  for (int i = 0; i < 8; ++i) {
    panel.series.push_back(
        series_of(i == 3 ? longest : fmt::format("entry number {}", i), {1.0 + i, 2.0 + i}, 0.1, Spread::band));
    panel.series.back().style = ordered_style(static_cast<std::size_t>(i), 8);
  }
  auto page = page_of({panel});
  page.legend_title = "Axis of the sweep";
  page.notes = {"Bars: a note that is so long that it takes more than a single line of the page below the legend."};
  auto const drawing = drawing_of(page, folder);
  CHECK(drawing.says("Axis of the sweep:"));
  CHECK(drawing.says("entry number 7"));
}

TEST_CASE("points beside their places keep their numbers in the data") {
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  tests::TemporaryFolder const folder;
  Panel panel{.part = "values", .title = "", .x = number_axis("Place", 0, 4), .y = number_axis("Value", 0, 6)};
  Series singles{.name = "Single seed", .style = single_value_style(), .x = {2, 2}, .y = {1, 3}};
  singles.joined = false;
  singles.aside = 1.2;
  panel.series = {singles};
  auto const drawing = drawing_of(page_of({panel}), folder);
  CHECK_THAT(store::read_text(folder.path() / "plots/page_values.dat"), ContainsSubstring("\n2 1\n2 3\n"));
  auto const at = drawing.panels.at(0).values(with_points(drawing.panels[0]).at(0).points());
  CHECK(at[0].x < 2);
  CHECK(at[0].x > 1.8);
  CHECK(at[1].y == Approx(3).epsilon(0.01));
}

TEST_CASE("a page without panels draws nothing") {
  tests::TemporaryFolder const folder;
  draw_page({.name = "none"}, folder.path());
  CHECK(std::filesystem::is_empty(folder.path()));
}
