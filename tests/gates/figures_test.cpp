#include "gates/figures.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;
using Catch::Approx;

namespace {

/// x, and delta of each layer's inner channels at 16 steps from step 8.
void check_sample(std::filesystem::path const& folder, gates::Sample const& sample, std::size_t visits) {
  auto const summary = tests::read_figure(folder / "gates_summary_5.svg");
  auto const layer = tests::read_figure(folder / "gates_layer2_5.svg");
  for (char const* words : {"Series, x[t]", "Channel", "Time step", "Δ"})
    CHECK((summary.says(words) && layer.says(words)));
  CHECK(summary.says(visits == 0 ? "Sample 5 (circles unknown)" : "Sample 5: circle"));
  CHECK((summary.says("Mean Δ, layer 1") && summary.says("Mean Δ, layer 2")));
  for (char const* words : {"Output gate silu(z), same channels", "|B| and |C| over the states",
                            "Mean Δ over all inner channels", "|B|", "|C|"})
    CHECK(layer.says(words));
  REQUIRE(summary.panels.size() == 4);
  REQUIRE(layer.panels.size() == 6);
  auto const heat = [](tests::DrawnPanel const& panel, std::int64_t rows) {
    REQUIRE(panel.plots.at(0).images.size() == 1);
    CHECK((panel.plots[0].images[0].columns == 16 && panel.plots[0].images[0].rows == rows));
  };
  for (auto const* drawing : {&summary, &layer}) {
    CHECK(drawing->panels[0].plots.at(0).areas.size() == std::max<std::size_t>(visits, 1));
    heat(drawing->panels[1], 3);
  }
  auto const inner = sample.layers[1].delta.size(2);
  heat(layer.panels[2], inner);
  heat(layer.panels[3], inner);
  REQUIRE(layer.panels[4].plots.size() == 2);
  for (auto const& plot : layer.panels[4].plots) CHECK(plot.line().size() == 16);
  for (std::size_t l : {0u, 1u}) {
    auto const& panel = summary.panels[2 + l];
    auto const line = panel.values(panel.plots.at(0).line(), {}, &summary.panels[3].x);
    REQUIRE(line.size() == 16);
    auto const mean = sample.layers[l].delta[0].mean(1);
    for (std::int64_t t = 0; t < 16; ++t) {
      auto const& place = line[static_cast<std::size_t>(t)];
      CHECK(place.x == Approx(static_cast<double>(8 + t)).margin(0.02));
      CHECK(place.y == Approx(mean[t].item<double>()).epsilon(0.01));
    }
  }
}

/// A point for each condition and layer that has a value, and the means around switches.
void check_statistics(std::filesystem::path const& folder, gates::Statistics const& s, bool constant) {
  auto const drawing = tests::read_figure(folder / "gates_statistics.svg");
  for (char const* words : {"Layer", "Mean Δ", "Memory, steps", "Steps:", "all steps"}) CHECK(drawing.says(words));
  REQUIRE(drawing.panels.size() == 2);
  std::size_t const n = s.conditions.size();
  for (auto const& [panel, averages] :
       {std::pair{&drawing.panels[0], &s.by_condition.delta}, {&drawing.panels[1], &s.by_condition.memory_geometric}}) {
    CHECK(panel->x.labels() == std::vector<std::string>{"1", "2"});
    std::vector<tests::Plot> marks;
    for (auto const& plot : panel->plots)
      if (!plot.marks.empty()) marks.push_back(plot);
    std::size_t drawn = 0;
    for (std::size_t c = 0; c < n; ++c) {
      std::vector<double> values;
      for (std::size_t layer : {0u, 1u})
        if (auto const value = averages->value[layer * n + c]; std::isfinite(value)) values.push_back(value);
      if (values.empty()) continue;  // has no plot
      auto const& points = marks.at(drawn++).marks;
      REQUIRE(points.size() == values.size());
      if (constant) continue;  // gnuplot chooses an axis of hardly any width
      for (std::size_t i = 0; i < points.size(); ++i)
        CHECK(panel->y.value(points[i].at.y) == Approx(values[i]).epsilon(0.02));
    }
  }
}

}  // namespace

TEST_CASE("gate figures show their data with and without circles, with and without switches, constant or not") {
  auto const network = tests::small_network(3, 1);
  tests::TemporaryFolder const folder;
  bool const gnuplot = tests::gnuplot_installed();
  for (bool const constant : {false, true})
    for (int const labels : {0, 1, 2}) {
      CAPTURE(constant, labels);
      auto const x = constant ? at::zeros({64, 3}) : at::sin(at::arange(64 * 3, at::kFloat)).view({64, 3});
      std::vector<std::int64_t> circle(labels == 0 ? 0 : 64, 0);
      if (labels == 2) std::fill(circle.begin() + 10, circle.end(), 1);
      auto const statistics = gates::gate_statistics(network, network, x, {circle}, {16, 2, 4});
      gates::draw_statistics(statistics, folder.path());
      if (gnuplot) check_statistics(folder.path(), statistics, constant);
      gates::for_each_sample(network, x, 16, {{5}, {8}}, [&](gates::Sample const& sample) {
        auto const of_window =
            circle.empty() ? std::span<std::int64_t const>{} : std::span<std::int64_t const>(circle).subspan(8, 16);
        gates::draw_summary(sample, of_window, 2, folder.path());
        gates::draw_layer(sample, 1, of_window, 2, folder.path());
        if (gnuplot) check_sample(folder.path(), sample, static_cast<std::size_t>(labels));
      });
      CHECK(std::filesystem::exists(folder.path() / "plots/gates_layer2_5_delta.dat"));
    }
  if (!gnuplot) SKIP("gnuplot is not installed");
  auto const switches = tests::read_figure(folder.path() / "gates_switches.svg");
  for (char const* words : {"Mean Δ", "Memory", "Steps from the first of a visit", "Layer 1", "Layer 2"})
    CHECK(switches.says(words));
  REQUIRE(switches.panels.size() == 4);
  CHECK(switches.blank_panels() == 0);
  for (auto const& panel : switches.panels) CHECK(panel.plots.back().line().size() == 9);  // 4 steps on either side
  for (char const* name : {"gates_statistics", "gates_switches", "gates_summary_5", "gates_layer2_5"})
    for (char const* format : {".svg", ".png"})
      CHECK(std::filesystem::file_size(folder.path() / (std::string(name) + format)) > 1000);
}
