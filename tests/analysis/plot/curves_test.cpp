#include "analysis/plot/curves.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <cmath>

#include "analysis/plot/legend.hpp"
#include "analysis/plot/ticks.hpp"
#include "store/atomic_file.hpp"
#include "support/drawing.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Curve a (with intervals), b (without), c (one value, or none), and the level 1.
void check_curves(tests::Drawing const& drawing, std::vector<double> const& x, std::vector<double> const& y, bool log) {
  REQUIRE(drawing.panels.size() == 1);
  for (char const* words : {"letters", "a", "b", "c", "level", "Values", "value", "place"}) CHECK(drawing.says(words));
  auto const& panel = drawing.panels[0];
  bool const bars = x.size() <= most_bars;
  // The level; a, b and c with their intervals.
  auto const curves = x.size() == 1 ? 2u : 3u;
  REQUIRE(panel.plots.size() == 1 + (bars ? 2 * curves : curves + 2));
  auto const level = panel.plots[0].line();
  REQUIRE(level.size() >= 2);
  for (auto const& place : level) CHECK(panel.y.value(place.y, log) == Approx(1).epsilon(0.002));

  auto const& intervals = panel.plots[1];
  auto const at_a = panel.values(bars ? panel.plots[2].points() : panel.plots[3].line(), {log, log});
  auto const at_b = panel.values(bars ? panel.plots[4].points() : panel.plots[4].line(), {log, log});
  REQUIRE(at_a.size() == x.size());
  REQUIRE(at_b.size() == x.size());
  auto const apart = bars ? log ? at_b[0].x / at_a[0].x : at_b[0].x - at_a[0].x : log ? 1.0 : 0.0;
  CHECK((apart > (log ? 1.0 : 0.0)) == bars);  // bars that hide one another could not be read
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(i);
    CHECK(at_a[i].y == Approx(y[i]).epsilon(0.002));
    CHECK(at_b[i].y == Approx(y[i]).epsilon(0.002));
    CHECK(std::abs(at_a[i].x - x[i]) <= (bars ? 0.6 * x[i] : 0.01 * x[i]));
    CHECK((log ? at_b[i].x / at_a[i].x : at_b[i].x - at_a[i].x) == Approx(apart).margin(0.02));
    if (!bars) continue;
    auto const ends = panel.values(intervals.strokes.at(i).path, {log, log});
    CHECK(ends.at(0).y == Approx(y[i] - 0.5).epsilon(0.002));
    CHECK(ends.at(1).y == Approx(y[i] + 0.5).epsilon(0.002));
  }
  if (bars) CHECK(panel.plots[3].strokes.empty());  // b has no intervals
  else {
    REQUIRE(intervals.areas.size() == 1);
    CHECK(intervals.areas[0].corners.size() >= 2 * x.size());
  }
}

}  // namespace

TEST_CASE("curves with and without intervals, at one place, a few or many, with gaps") {
  for (std::size_t const places : {1, 5, 40})
    for (bool const log : {false, true}) {
      CAPTURE(places, log);
      std::vector<double> x, y, low, high, gaps(places, std::nan(""));
      for (std::size_t i = 0; i < places; ++i) {
        x.push_back(static_cast<double>(i + 1)), y.push_back(3.0 + static_cast<double>(i));
        low.push_back(y.back() - 0.5), high.push_back(y.back() + 0.5);
      }
      if (places > 1) gaps[0] = 2;
      Panel const panel{.part = "values",
                        .title = "Values",
                        .ylabel = "value",
                        .curves = {{"a", y, low, high}, {"b", y, {}, {}}, {"c", gaps, gaps, gaps}},
                        .references = {{"level", std::vector<double>(places, 1.0), {}, {}}},
                        .log_y = log};
      tests::TemporaryFolder folder;
      draw_curves({.name = "curves",
                   .legend_title = "letters",
                   .xlabel = "place",
                   .x = x,
                   .ticks = {},
                   .log2_x = log,
                   .panels = {panel}},
                  folder.path());
      auto const data = store::read_text(folder.path() / "curves_values.dat");
      CHECK_THAT(data, ContainsSubstring("# level: x mean low high\n1 1 nan nan\n") &&
                           ContainsSubstring("# a: x mean low high\n1 3 2.5 3.5\n") &&
                           ContainsSubstring("# b: x mean low high\n1 3 nan nan\n"));
      CHECK((data.find("# c:") == std::string::npos) == (places == 1));
      if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
      CHECK(std::filesystem::file_size(folder.path() / "curves.png") > 1000);
      check_curves(tests::read_drawing(folder.path() / "curves.svg"), x, y, log);
    }
}

TEST_CASE("panels share an axis, single values stand beside their mean, and a page takes eight curves") {
  std::vector<Curve> curves;
  for (int i = 0; i < 9; ++i) curves.push_back({fmt::format("curve {}", i), {1.0 + i, 2.0 + i}, {}, {}});
  auto with_singles = curves;
  with_singles[0].singles = {{0.5, 1.5}, {2.0}};
  tests::TemporaryFolder folder;
  draw_curves({.name = "pages",
               .legend_title = "cell",
               .xlabel = "layer",
               .x = {0, 1},
               .ticks = {"input", "output"},
               .panels = {{.part = "a", .title = "Upper", .ylabel = "one", .curves = with_singles, .references = {}},
                          {.part = "b", .title = "Lower", .ylabel = "two", .curves = curves, .references = {}}},
               .note = "bars: none"},
              folder.path());
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  std::size_t drawn = 0;
  for (int number = 1; number <= 2; ++number) {
    CAPTURE(number);
    auto const page = tests::read_drawing(folder.path() / fmt::format("pages_{}.svg", number));
    REQUIRE(page.panels.size() == 2);
    CHECK(page.blank_panels() == 0);
    CHECK(page.says(fmt::format("cell (page {} of 2)", number)));
    for (char const* words : {"Upper", "one", "Lower", "two", "layer", "bars: none", "single trial"})
      CHECK(page.says(words));
    CHECK(page.panels[0].x.labels().empty());
    CHECK(page.panels[1].x.labels() == std::vector<std::string>{"input", "output"});
    for (auto const& plot : page.panels[1].plots)
      if (!plot.marks.empty()) {
        auto const& axis = page.panels[1].y;
        CHECK(axis.value(plot.marks[0].at.y) == Approx(1.0 + static_cast<double>(drawn)).margin(0.02));
        CHECK(axis.value(plot.marks[1].at.y) == Approx(2.0 + static_cast<double>(drawn)).margin(0.02));
        CHECK(page.says(fmt::format("curve {}", drawn++)));
      }
  }
  CHECK(drawn == 9);
  // Intervals, means and single values of the first curve.
  auto const page = tests::read_drawing(folder.path() / "pages_1.svg");
  auto const& plots = page.panels[0].plots;
  REQUIRE(plots.size() > 2);
  REQUIRE(plots[2].marks.size() == 3);
  std::vector<double> singles;
  for (auto const& mark : plots[2].marks) singles.push_back(page.panels[0].y.value(mark.at.y));
  CHECK(singles[0] == Approx(0.5).margin(0.02));
  CHECK(singles[1] == Approx(1.5).margin(0.02));
  CHECK(singles[2] == Approx(2.0).margin(0.02));
  CHECK(plots[2].marks[0].at.x > plots[1].marks[0].at.x);
}

TEST_CASE("nothing at all is no figure") {
  tests::TemporaryFolder folder;
  draw_curves({.name = "none", .legend_title = "", .xlabel = "", .x = {}, .ticks = {}, .panels = {}}, folder.path());
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("logarithmic axes have at least three ticks") {
  CHECK(log_ticks(0.9, 2000) == "(1, 10, 100, 1000)");
  CHECK(log_ticks(0.9, 60) == "(1, 2, 5, 10, 20, 50)");
  CHECK(log_ticks(8, 27) == "(10, 15, 20, 25)");
  CHECK(log_ticks(8.1, 8.4) == "(8.1, 8.2, 8.3, 8.4)");
  CHECK(log_ticks(1e-9, 1e9) == "(1e-09, 1e-05, 0.1, 1000, 1e+07)");
}

TEST_CASE("what gnuplot would take for commands, or what is too long, does not reach it") {
  CHECK(quotable("a `rm x` \"b\" $c \\d\n") == "a _rm x_ _b_ _c _d_");
  CHECK(quotable("0123456789", 10) == "0123456789");
  CHECK(quotable("0123456789a", 10) == "01234567..");
  CHECK(quotable("0123456\u00e9\u00e9\u00e9", 10) == "0123456..");
}
