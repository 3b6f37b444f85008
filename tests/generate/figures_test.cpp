#include "generate/figures.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <vector>

#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::generate;
using Catch::Approx;

namespace {

/// Three channels over `steps` steps from `first`.
void check_heat(tests::DrawnPanel const& panel, std::int64_t first, std::int64_t steps, tests::Axis const& x) {
  REQUIRE(panel.plots.at(0).images.size() == 1);
  auto const& image = panel.plots[0].images[0];
  CHECK((image.columns == steps && image.rows == 3));
  CHECK(x.value(image.corner.x) == Approx(static_cast<double>(first)).margin(0.1));
  CHECK(x.value(image.corner.x + image.width) == Approx(static_cast<double>(first + steps)).margin(0.1));
  CHECK(panel.y.value(image.corner.y) == Approx(-0.5).margin(0.02));
  CHECK(panel.y.value(image.corner.y + image.height) == Approx(2.5).margin(0.02));
  CHECK(panel.right.ticks.size() > 2);
}

}  // namespace

TEST_CASE("a generated sample's figures show its data, with and without circles, for one step or many") {
  for (bool const circles : {true, false})
    for (std::size_t const steps : {std::size_t{1}, std::size_t{200}}) {
      CAPTURE(circles, steps);
      constexpr std::int64_t channels = 3;
      std::vector<float> const seed(5 * channels, 1.0f), generated(steps * channels, -2.0f),
          truth(steps * channels, 0.5f);
      std::vector<std::int64_t> const circle{0, 0, 1, 1, 1}, bursts{steps == 1 ? 0 : 50};
      tests::TemporaryFolder folder;
      GeneratedSample sample{.number = 4,
                             .channels = channels,
                             .seed_start = 640,
                             .seed = seed,
                             .generated = generated,
                             .truth = truth,
                             .seed_circle = {},
                             .circles = 2,
                             .mse = 6.25,
                             .bursts = bursts};
      if (circles) sample.seed_circle = circle;
      draw_generation(sample, folder.path());
      CHECK(std::filesystem::exists(folder.path() / "plots/generation_4_circles.dat"));
      if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
      for (char const* name : {"generation_4.png", "generation_vs_gt_4.png"})
        CHECK(std::filesystem::file_size(folder.path() / name) > 1000);

      // One column is not drawn.
      auto const read = [&](std::filesystem::path const& file) {
        return steps > 1 ? tests::read_figure(file) : tests::read_drawing(file);
      };
      auto const whole = read(folder.path() / "generation_4.svg");
      for (char const* words : {"Circle of the seed", "Seed, then generated steps", "Channel", "Time step", "x",
                                "Circle:", "not known", "end of the seed", "start of a burst of noise on the input"})
        CHECK(whole.says(words));
      CHECK(whole.says(fmt::format("Sample 4: 5 steps of the series, then {} generated steps; no intervals.", steps)));
      REQUIRE(whole.panels.size() == 2);
      // Two visits and the generated steps, whose circle is unknown; or all steps unknown.
      CHECK(whole.panels[0].plots.at(0).areas.size() == (circles ? 3 : 1));
      auto const beside = read(folder.path() / "generation_vs_gt_4.svg");
      for (char const* words : {"Series", "Generated steps", "Difference, MSE 6.2500", "Channel", "Time step"})
        CHECK(beside.says(words));
      REQUIRE(beside.panels.size() == 3);
      auto const count = static_cast<std::int64_t>(steps);
      check_heat(whole.panels[1], 640, 5 + count, whole.panels[1].x);
      if (steps == 1) continue;  // gnuplot draws no image of a single column
      for (auto const& panel : beside.panels) check_heat(panel, 645, count, beside.panels[2].x);
      // A triangle for the burst, above the generated steps of both figures.
      for (auto const* drawing : {&whole, &beside}) {
        REQUIRE(drawing->marks.size() == 2);  // and the sample in the legend
        CHECK(drawing->panels.back().x.value(drawing->marks[0].at.x) == Approx(645 + 50).margin(0.5));
      }
      auto const image = [&](std::size_t panel) { return beside.panels[panel].plots[0].images[0].data; };
      CHECK((image(0) != image(1) && image(1) != image(2) && image(0) != image(2)));
    }
}
