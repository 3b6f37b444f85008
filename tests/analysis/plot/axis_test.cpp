#include "analysis/plot/axis.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace mambasynth::analysis::plot;
using Catch::Approx;

TEST_CASE("an axis shows all values, and of wide intervals at least half of the values' range more") {
  Extent extent;
  extent.add({1, 2, std::nan(""), 3});
  for (int i = 0; i < 3; ++i) extent.add_interval(0.9, 1.1);
  extent.add_interval(-100, 100);
  auto const axis = extent.axis("x");
  CHECK((axis.shows(1) && axis.shows(3) && axis.shows(0.9)));
  CHECK(axis.low > -2);
  CHECK(axis.high < 6);
  CHECK(axis.ticks.size() >= 3);
}

TEST_CASE("an axis never goes far beyond the bounds of a quantity") {
  Extent extent;
  extent.add({0.2, 1});
  extent.add_interval(0.9, 2.3);
  auto const axis = extent.axis("R²", false, -INFINITY, 1);
  CHECK(axis.high < 1.05);
  CHECK(axis.shows(1));
}

TEST_CASE("equal values, or none, have an axis") {
  Extent equal, none;
  equal.add({5, 5});
  for (bool const log : {false, true}) {
    auto const axis = equal.axis("x", log);
    CHECK(axis.low < 5);
    CHECK(axis.high > 5);
    CHECK(none.axis("x", log).low < none.axis("x", log).high);
  }
}

TEST_CASE("an axis of whole numbers has no ticks between them") {
  auto const axis = whole_axis("Epoch", 1, 4);
  REQUIRE(axis.ticks.size() >= 2);
  for (auto const& tick : axis.ticks) CHECK(tick.label.find('.') == std::string::npos);
}

TEST_CASE("an axis of late values leaves out a high start, and shows the least") {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i < 8 ? 30 - i : 8.2);
  auto const [axis, cut] = late_axis("Loss", values, 8);
  CHECK(cut);
  CHECK((axis.shows(8) && axis.shows(8.2)));
  CHECK(axis.high < 9);
  CHECK_FALSE(late_axis("Loss", {3, 2, 1}, 0.5).cut);
  CHECK(late_axis("Loss", {}, 1).axis.high > 0);
}

TEST_CASE("zero has a place on a logarithmic axis beyond its lowest value") {
  Axis const axis{.title = "factor", .low = 0.0005, .high = 2, .log = true, .ticks = {}, .zero = 0.001};
  CHECK(axis.share(0) == Approx(axis.share(0.001)));
  CHECK(axis.share(0) < axis.share(0.01));
  CHECK(axis.shows(0));
  CHECK_FALSE(Axis{.title = "", .low = 0.1, .high = 1, .log = true}.shows(0));
}

TEST_CASE("labels that would touch give way to the first and the last") {
  auto axis = named_axis("layer", {"input", "1", "2", "3", "4", "5", "6", "7", "output"});
  auto roomy = axis;
  thin_labels(roomy, 100);
  for (auto const& tick : roomy.ticks) CHECK_FALSE(tick.label.empty());
  thin_labels(axis, 40);
  CHECK(axis.ticks.front().label == "input");
  CHECK(axis.ticks.back().label == "output");
  CHECK(axis.ticks[7].label.empty());
  CHECK(axis.ticks[4].label == "4");
}
