#include "generate/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

#include "support/gnuplot.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth;
using namespace mambasynth::generate;

TEST_CASE("a generated sample's figures, with and without circles, one step or many") {
  for (bool const circles : {true, false})
    for (std::size_t const steps : {std::size_t{1}, std::size_t{200}}) {
      CAPTURE(circles, steps);
      constexpr std::int64_t channels = 3;
      std::vector<float> const seed(5 * channels, 1.0f), generated(steps * channels, -2.0f),
          truth(steps * channels, 0.5f);
      std::vector<std::int64_t> const circle{0, 0, 1, 1, 1};
      tests::TemporaryFolder folder;
      GeneratedSample sample{.number = 4,
                             .channels = channels,
                             .seed_start = 640,
                             .seed = seed,
                             .generated = generated,
                             .truth = truth,
                             .seed_circle = {},
                             .circles = 2,
                             .mse = 6.25};
      if (circles) sample.seed_circle = circle;
      draw_generation(sample, folder.path());
      CHECK(std::filesystem::exists(folder.path() / "generation_4_circles.dat"));
      if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
      for (char const* name :
           {"generation_4.svg", "generation_4.png", "generation_vs_gt_4.svg", "generation_vs_gt_4.png"})
        CHECK(std::filesystem::file_size(folder.path() / name) > 1000);
    }
}
