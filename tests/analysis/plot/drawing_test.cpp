#include "support/drawing.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

#include "analysis/plot/gnuplot.hpp"
#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"

// The reader by which the tests of figures see what is drawn.

using namespace mambasynth;
using namespace mambasynth::tests;
using Catch::Approx;

namespace {

Drawing drawing_of(std::string const& commands) {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  TemporaryFolder const folder;
  analysis::plot::Figure figure("figure", analysis::plot::pixels(400, 300));
  (void)figure.add_data("points", "1 10\n2 20\n3 1000\n");
  figure.set_commands(commands);
  figure.draw(folder.path());
  return read_drawing(folder.path() / "figure.svg");
}

}  // namespace

TEST_CASE("a figure without data is blank, whatever its axes, titles and keys") {
  for (char const* const plot : {"NaN", "NaN title \"a series\" with lines",
                                 "\"figure_points.dat\" using (50):(50) with points title \"out of range\""}) {
    CAPTURE(plot);
    auto const drawing = drawing_of(std::string("set title \"a title\"\nset xlabel \"x\"\nset xrange [0:1]\nset yrange "
                                                "[0:1]\nset label \"words\" at 0.5,0.5\nplot ") +
                                    plot + "\n");
    REQUIRE(drawing.panels.size() == 1);
    CHECK(drawing.blank());
    CHECK((drawing.says("a title") && drawing.says("x") && drawing.says("words")));
    CHECK(drawing.panels[0].x.labels() == drawing.panels[0].y.labels());
  }
}

TEST_CASE("one blank panel among others is found") {
  auto const drawing = drawing_of(
      "set multiplot\nset xrange [0:4]\nset yrange [0:2000]\nplot \"figure_points.dat\" with lines\nplot NaN\nunset "
      "multiplot\n");
  CHECK(drawing.panels.size() == 2);
  CHECK(drawing.blank_panels() == 1);
  CHECK_FALSE(drawing.blank());
}

TEST_CASE("lines, points and boxes have their places in units of the axes, and no sample of the key is among them") {
  auto const drawing = drawing_of(
      "set tics out nomirror\nset logscale y\nset xrange [0:4]\nset yrange [1:10000]\nset boxwidth 0.5\n"
      "plot \"figure_points.dat\" with linespoints pointtype 7 linecolor rgb \"#ff0000\" title \"both\", "
      "\"figure_points.dat\" with boxes title \"boxes\"\n");
  REQUIRE(drawing.panels.size() == 1);
  auto const& panel = drawing.panels[0];
  REQUIRE(panel.plots.size() == 2);
  CHECK(panel.plots[0].key == "both");
  CHECK(panel.plots[0].mark_colors() == std::set<std::string>{"rgb(255,   0,   0)"});
  REQUIRE(panel.plots[0].strokes.size() == 1);
  for (auto const& places : {panel.plots[0].line(), panel.plots[0].points()}) {
    auto const values = panel.values(places, {.y = true});
    REQUIRE(values.size() == 3);
    CHECK(values[2].x == Approx(3).epsilon(1e-3));
    CHECK(values[1].y == Approx(20).epsilon(1e-3));
    CHECK(values[2].y == Approx(1000).epsilon(1e-3));
  }
  CHECK(panel.plots[1].key == "boxes");
  REQUIRE(panel.plots[1].strokes.size() == 3);
  CHECK(panel.values({panel.plots[1].strokes[1].path[1]}, {.y = true})[0].y == Approx(20).epsilon(1e-3));
  CHECK_THROWS_AS(panel.y.value(100), std::runtime_error);  // not linear
}

TEST_CASE("a heat map has its cells and the labels of its color bar") {
  auto const drawing = drawing_of(
      "set tics out nomirror\nunset key\nset cbrange [0:1000]\nplot \"figure_points.dat\" matrix with image\n");
  REQUIRE(drawing.panels.size() == 1);
  auto const& images = drawing.panels[0].plots.at(0).images;
  REQUIRE(images.size() == 1);
  CHECK((images[0].columns == 2 && images[0].rows == 3));
  CHECK(drawing.panels[0].right.labels().front() == "0");
  CHECK(drawing.panels[0].right.labels().back() == "1000");
}

TEST_CASE("an incomplete figure is refused") {
  TemporaryFolder const folder;
  auto const file = folder.path() / "figure.svg";
  CHECK_THROWS_AS(read_drawing(file), std::runtime_error);
  std::string const start = "<?xml version=\"1.0\"?>\n<svg width=\"4\" height=\"3\">\n", end = "</svg>\n";
  store::write_atomically(file, start + end);
  CHECK(read_drawing(file).blank());
  store::write_atomically(file, start);
  CHECK_THROWS_AS(read_drawing(file), std::runtime_error);
  store::write_atomically(file, start + "\xd6" + end);  // Latin-1
  CHECK_THROWS_AS(read_drawing(file), std::runtime_error);
}
