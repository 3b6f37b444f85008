#include "dimension/figures.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;
using analysis::dimension::DimensionEstimates;
using analysis::dimension::Estimate;
using analysis::dimension::estimators;
using Catch::Approx;

namespace {

/// Estimator i is 2 + i at the first entry and falls by 0.25 with each further entry; two errors by blocks are 0.5.
DimensionEstimates made_up(std::vector<std::int64_t> const& k, double first) {
  DimensionEstimates all;
  all.points = 2000;
  all.k = k;
  all.n1 = {1, 2, 4};
  all.distance_n1 = {1, 2, 4};
  for (auto const* estimator : estimators) {
    auto& entries = all[*estimator];
    entries.resize(estimator->entries({all.k, all.n1}));
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i].value = first - 0.25 * static_cast<double>(i);
      entries[i].se_blocks = 0.25;
    }
    first += 1;
  }
  return all;
}

dimension::Measured measured() {
  dimension::Measured m;
  m.points = 2000;
  m.dims = 8;
  m.noise = 0.25;  // a distance of 1 between observations of the same point
  m.all = made_up({10, 30}, 2);
  m.labels_name = "circle_id";
  for (std::int64_t label : {0, 4})
    m.groups.push_back({label, 1000, made_up({10, 30}, 3 + static_cast<double>(label))});
  return m;
}

std::vector<Plot> marked(DrawnPanel const& panel) {
  std::vector<Plot> found;
  for (auto const& plot : panel.plots)
    if (!plot.marks.empty()) found.push_back(plot);
  return found;
}

Drawing drawing_of(dimension::Measured const& m) {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  TemporaryFolder const folder;
  dimension::draw_dimension(m, folder.path());
  return std::isfinite(m.all[*estimators.front()][0].value) ? read_figure(folder.path() / "dimension_estimates.svg")
                                                            : read_drawing(folder.path() / "dimension_estimates.svg");
}

}  // namespace

TEST_CASE("the figure of the dimension verb shows each estimator with its error, Gride by distance, and each label") {
  auto const m = measured();
  auto const drawing = drawing_of(m);
  REQUIRE(drawing.panels.size() == 3);
  for (char const* words : {"By number of neighbors", "Neighbors", "Intrinsic dimension", "Gride by distance",
                            "Mean distance / (noise √2D)", "Levina-Bickel, unbiased, by circle", "Circle"})
    CHECK(drawing.says(words));

  auto const& by_neighbors = drawing.panels[0];
  std::size_t shown = 0;
  for (auto const* estimator : estimators) {
    if (estimator->axis == analysis::dimension::Axis::none) continue;
    ++shown;
    CAPTURE(estimator->name);
    auto const& entries = m.all[*estimator];
    bool found = false;
    for (auto const& plot : by_neighbors.plots) {
      auto const points = by_neighbors.values(plot.points(), {.x = true});
      if (points.size() != entries.size() || std::abs(points[0].y - entries[0].value) > 0.02) continue;
      found = true;
      CHECK(drawing.says(estimator->label()));
      for (std::size_t i = 0; i < entries.size(); ++i) {
        auto const x = estimator->axis == analysis::dimension::Axis::k ? m.all.k[i] : 2 * m.all.n1[i];
        CHECK(points[i].x == Approx(static_cast<double>(x)).epsilon(0.01));
        CHECK(points[i].y == Approx(entries[i].value).margin(0.02));
      }
      auto const bars = std::find_if(by_neighbors.plots.begin(), by_neighbors.plots.end(), [&](auto const& candidate) {
        return candidate.strokes.size() == entries.size() &&
               std::abs(candidate.strokes[0].path[0].x - plot.marks[0].at.x) < 0.1 &&
               by_neighbors.y.value(candidate.strokes[0].path[0].y) < points[0].y - 0.45 &&
               by_neighbors.y.value(candidate.strokes[0].path[0].y) > points[0].y - 0.55;
      });
      REQUIRE(bars != by_neighbors.plots.end());
      auto const bar = by_neighbors.values(bars->strokes.at(0).path, {.x = true});
      CHECK(bar.at(0).y == Approx(entries[0].value - 0.5).margin(0.02));
      CHECK(bar.at(1).y == Approx(entries[0].value + 0.5).margin(0.02));
    }
    CHECK(found);
  }
  CHECK(shown == 4);

  auto const& by_distance = drawing.panels[1];
  auto const points = by_distance.values(marked(by_distance).at(0).points());
  REQUIRE(points.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(points[i].x == Approx(m.all.distance_n1[i]).margin(0.02));
    CHECK(points[i].y == Approx(m.all[analysis::dimension::gride][i].value).margin(0.02));
  }

  auto const& by_label = drawing.panels[2];
  CHECK(by_label.x.labels() == std::vector<std::string>{"0", "4"});
  auto const of_k = marked(by_label);
  REQUIRE(of_k.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(drawing.says(fmt::format("k = {}", m.all.k[i])));
    REQUIRE(of_k[i].marks.size() == 2);
    for (std::size_t g = 0; g < 2; ++g)
      CHECK(by_label.y.value(of_k[i].marks[g].at.y) ==
            Approx(m.groups[g].estimates[analysis::dimension::levina_bickel][i].value).margin(0.03));
  }
}

TEST_CASE("a plateau is marked at its position, and undefined estimates leave their panels blank") {
  if (!gnuplot_installed()) SKIP("gnuplot is not installed");
  auto m = measured();
  m.all.plateau = {.first = 0, .last = 1, .value = 6.875};
  CHECK(drawing_of(m).says("Plateau at 6.88"));
  m = measured();
  CHECK_FALSE(drawing_of(m).says("Plateau at 6.88"));
  for (auto const* estimator : estimators)
    for (auto& entry : m.all[*estimator]) entry.value = std::nan("");
  m.groups.clear();
  auto const blank = drawing_of(m);
  CHECK(blank.panels.size() == 2);
  CHECK(blank.blank_panels() == 1);  // the other has the distance of the noise
}
