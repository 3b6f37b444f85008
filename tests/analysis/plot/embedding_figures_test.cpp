#include "analysis/plot/embedding_figures.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::analysis::plot;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Points on a ring, and the angle of each.
struct Ring {
  std::vector<float> coordinates;
  std::vector<double> angle;
  std::vector<std::int64_t> third;
  explicit Ring(std::size_t points) {
    for (std::size_t i = 0; i < points; ++i) {
      angle.push_back(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(points));
      coordinates.push_back(static_cast<float>(std::cos(angle.back())));
      coordinates.push_back(static_cast<float>(std::sin(angle.back())));
      third.push_back(static_cast<std::int64_t>(3 * i / points));
    }
  }
};

/// Where points are strokes: their middles and colors.
std::vector<tests::Mark> dots(tests::DrawnPanel const& panel) {
  std::vector<tests::Mark> all;
  for (auto const& plot : panel.plots)
    for (auto const& [color, path] : plot.strokes)
      all.push_back({color, {(path.front().x + path.back().x) / 2, (path.front().y + path.back().y) / 2}});
  return all;
}

std::int64_t lines(std::filesystem::path const& file) {
  auto const text = store::read_text(file);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("a grid of embeddings, by every kind of coloring") {
  Ring const ring(6000);
  auto const category = by_category("circle", ring.third, 3), many = by_category("circle", ring.third, 200),
             order = by_order("time step", ring.third, 2), phase = by_phase(ring.angle);
  std::vector<EmbeddingPanel> const panels{{"thirds (3-D)  LB 1.0", ring.coordinates, &category},
                                           {"200", ring.coordinates, &many},
                                           {"order", ring.coordinates, &order},
                                           {"phase", ring.coordinates, &phase}};
  tests::TemporaryFolder folder;
  draw_embeddings("grid", "Heading", panels, 3, "points of a ring", {"One more."}, folder.path());
  auto const script = store::read_text(folder.path() / "plots/grid.gp");
  CHECK_THAT(script, ContainsSubstring("thirds (3-D)  LB 1.0") && ContainsSubstring("phase, rad") &&
                         ContainsSubstring("cbrange [0:199]"));
  // Four panels share 6,000 dots: the SVG shows every fourth of 6,000 points, the file holds all.
  CHECK_THAT(script, ContainsSubstring(" every 4 using ") &&
                         ContainsSubstring("Each point is one of 6,000 points of a ring, the same in every panel; no "
                                           "intervals. SVG and PDF show one point in 4, the PNG shows all.") &&
                         ContainsSubstring("One more."));
  for (char const* part : {"panel1", "panel2", "panel3", "panel4"})
    CHECK(lines(folder.path() / "plots" / ("grid_" + std::string(part) + ".dat")) == 6001);
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  CHECK(std::filesystem::file_size(folder.path() / "grid.png") > 10000);
  CHECK(std::filesystem::file_size(folder.path() / "grid.svg") < 300'000);
  auto const drawing = tests::read_figure(folder.path() / "grid.svg");
  REQUIRE(drawing.panels.size() == 4);
  for (char const* words :
       {"Heading", "thirds (3-D)  LB 1.0", "200", "order", "phase", "circle", "time step", "phase, rad"})
    CHECK(drawing.says(words));
  for (auto const& panel : drawing.panels) {
    auto const points = dots(panel);
    REQUIRE(points.size() == 1500);
    auto const [left, right] =
        std::minmax_element(points.begin(), points.end(), [](auto const& a, auto const& b) { return a.at.x < b.at.x; });
    auto const [up, down] =
        std::minmax_element(points.begin(), points.end(), [](auto const& a, auto const& b) { return a.at.y < b.at.y; });
    tests::Place const center{(left->at.x + right->at.x) / 2, (up->at.y + down->at.y) / 2};
    double const radius = right->at.x - center.x;
    CHECK(radius > 50);
    double worst = 0;
    for (auto const& point : points)
      worst = std::max(worst, std::abs(std::hypot(point.at.x - center.x, point.at.y - center.y) - radius));
    CHECK(worst < 0.1);
  }
  auto const colors = [&](std::size_t panel) {
    std::set<std::string> all;
    for (auto const& dot : dots(drawing.panels[panel])) all.insert(dot.color);
    return all.size();
  };
  CHECK(colors(0) == 3);
  CHECK(colors(1) == 1);  // three of 200, which are not told apart
  CHECK(colors(2) == 3);
  CHECK(colors(3) == 24);
  // The first third of the ring is above its right end.
  auto const thirds = dots(drawing.panels[0]);
  auto const rightmost =
      *std::max_element(thirds.begin(), thirds.end(), [](auto const& a, auto const& b) { return a.at.x < b.at.x; });
  for (auto const& dot : thirds)
    if (dot.color == thirds.front().color) CHECK(dot.at.y < rightmost.at.y + 0.5);
  CHECK(drawing.panels[1].right.labels().front() == "0");
  CHECK(drawing.panels[2].right.labels().back() == "2.0");
  CHECK(drawing.panels[3].right.labels() == std::vector<std::string>{"0", "π/2", "π", "3π/2", "2π"});
  CHECK(drawing.marks.size() == 3);  // the legend of the thirds
}

TEST_CASE("embeddings without labels, without points and in one place") {
  std::vector<std::int64_t> const none;
  std::vector<float> const nowhere, one_place(40, 1.5f);
  auto const unknown = by_category("circle", none, 0);
  std::vector<EmbeddingPanel> const panels{{"no points", nowhere, &unknown}, {"one place", one_place, &unknown}};
  tests::TemporaryFolder folder;
  draw_embeddings("plain", "", panels, 4, "points", {}, folder.path());
  CHECK(lines(folder.path() / "plots/plain_panel2.dat") == 21);
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  CHECK(std::filesystem::file_size(folder.path() / "plain.png") > 1000);
  auto const drawing = tests::read_drawing(folder.path() / "plain.svg");
  REQUIRE(drawing.panels.size() == 2);
  CHECK((drawing.says("no points") && drawing.says("one place")));
  CHECK(drawing.blank_panels() == 1);
  CHECK(drawing.panels[1].plots.at(0).marks.size() == 20);
  CHECK(drawing.panels[1].plots.at(0).mark_colors().size() == 1);
}
