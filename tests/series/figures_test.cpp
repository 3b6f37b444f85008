#include "series/figures.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "series/series.hpp"
#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/print_check.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::series;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {
series::Digest digest_of(config::Data const& data) {
  series::SeriesStream stream(data, 1, 512);
  series::Digest digest(stream.process(), data.n_steps, series::steps_to_embed(data.n_steps, 400, 42));
  series::for_each_block(stream, [&](series::Block const& block) { digest.add(block); });
  return digest;
}
std::int64_t lines(std::filesystem::path const& file) {
  auto const text = store::read_text(file);
  return std::count(text.begin(), text.end(), '\n');
}

void check_overview(tests::Drawing const& drawing, series::Digest const& digest) {
  auto const& process = digest.process();
  auto const n = process.circles;
  REQUIRE(drawing.panels.size() == 3);
  for (char const* words : {"Circle over time", "Time step", "Circle", "Transition matrix", "Next circle", "Period",
                            "Steps of a revolution"})
    CHECK(drawing.says(words));
  CHECK(std::any_of(drawing.texts.begin(), drawing.texts.end(),
                    [](auto const& text) { return text.words.starts_with("One series of "); }));
  auto const& over_time = drawing.panels[0];
  auto const& boxes = over_time.plots.at(0).areas;
  REQUIRE(boxes.size() == digest.visits().size());
  if (n > 1 && digest.n_steps() > 10)
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      auto const corners = over_time.values(boxes[i].corners);
      auto const& visit = digest.visits()[i];
      CHECK(corners[0].x ==
            Approx(static_cast<double>(visit.start)).margin(0.003 * static_cast<double>(digest.n_steps())));
      CHECK((corners[0].y + corners[2].y) / 2 == Approx(static_cast<double>(visit.circle)).margin(0.02));
    }
  if (n > 1) CHECK(std::ssize(drawing.panels[1].plots.at(0).areas) == n * n);
  auto const& periods = drawing.panels[2];
  auto const& bars = periods.plots.at(0).areas;
  REQUIRE(std::ssize(bars) == n);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    double top = 0;
    for (auto const& corner : bars[i].corners) top = std::max(top, periods.y.value(corner.y));
    CHECK(top == Approx(static_cast<double>(process.period[i])).epsilon(0.005));
  }
}

void check_window(tests::Drawing const& drawing, series::Excerpt const& window, std::int64_t channels) {
  REQUIRE(drawing.panels.size() == 2);
  auto const steps = window.steps(), end = window.start + steps;
  CHECK(drawing.says(
      fmt::format("One window of {} steps of the series, from step {}; no intervals.", steps, window.start)));
  CHECK((drawing.says("Time step") && drawing.says("Channel")));
  std::size_t visits = 1;
  for (std::size_t i = 1; i < window.circle.size(); ++i) visits += window.circle[i] != window.circle[i - 1] ? 1 : 0;
  CHECK(drawing.panels[0].plots.at(0).areas.size() == visits);
  auto const& heat = drawing.panels[1];
  if (steps == 1) return;
  REQUIRE(heat.plots.at(0).images.size() == 1);
  auto const& image = heat.plots[0].images[0];
  CHECK((image.columns == steps && image.rows == channels));
  auto const margin = 0.003 * static_cast<double>(steps);
  CHECK(heat.x.value(image.corner.x) == Approx(static_cast<double>(window.start)).margin(margin));
  CHECK(heat.x.value(image.corner.x + image.width) == Approx(static_cast<double>(end)).margin(margin));
}

}  // namespace

TEST_CASE("figures are drawn for any number of circles, channels and steps") {
  struct Case {
    std::int64_t steps, circles, channels;
  };
  for (auto const& [steps, circles, channels] :
       {Case{5000, 10, 20}, Case{100, 1, 2}, Case{1, 3, 2}, Case{3000, 30, 5}}) {
    CAPTURE(steps, circles, channels);
    config::Data data;
    data.n_steps = steps;
    data.n_circles = circles;
    data.ambient_dim = channels;
    tests::TemporaryFolder folder;
    auto const digest = digest_of(data);
    draw_series(digest, folder.path());
    CHECK(lines(folder.path() / "plots/markov_circles_timeseries_visits.dat") ==
          static_cast<std::int64_t>(digest.visits().size()) + 1);
    CHECK(lines(folder.path() / "plots/markov_circles_timeseries_periods.dat") == circles + 1);
    for (char const* name : {"sample_window_0", "sample_window_1", "sample_window_2"})
      CHECK(lines(folder.path() / "plots" / (std::string(name) + "_x.dat")) == channels);
    if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
    for (char const* name : {"markov_circles_timeseries", "sample_window_0", "sample_window_1", "sample_window_2"})
      for (char const* extension : {".svg", ".png"})
        CHECK(std::filesystem::file_size(folder.path() / (std::string(name) + extension)) > 1000);
    auto const overview = folder.path() / "markov_circles_timeseries.svg";
    // gnuplot draws no matrix of a single cell.
    check_overview(circles > 1 ? tests::read_figure(overview) : tests::read_drawing(overview), digest);
    for (std::size_t i = 0; i < 3; ++i)
      check_window(steps > 1 ? tests::read_figure(folder.path() / fmt::format("sample_window_{}.svg", i))
                             : tests::read_drawing(folder.path() / fmt::format("sample_window_{}.svg", i)),
                   digest.windows()[i], channels);
  }
}

TEST_CASE("the embedded steps are the original's, and figures show them") {
  config::Data data;
  data.n_steps = 1500;
  auto const digest = digest_of(data);
  auto const& sampled = digest.sampled();
  REQUIRE(sampled.step.size() == 400);
  CHECK(std::is_sorted(sampled.step.begin(), sampled.step.end()));
  auto const whole = series::generate(data);
  for (std::size_t i = 0; i < 400; ++i) {
    auto const t = static_cast<std::size_t>(sampled.step[i]);
    CHECK(sampled.circle[i] == whole.circle[t]);
    CHECK(sampled.x[20 * i + 19] == whole.x[20 * t + 19]);
  }
  // The original's rows of its documented series.
  auto const rows = series::steps_to_embed(100000, 10000, 42);
  CHECK(std::vector<std::int64_t>(rows.begin(), rows.begin() + 5) == std::vector<std::int64_t>{0, 38, 50, 54, 59});
  CHECK(series::steps_to_embed(3, 10000, 42) == std::vector<std::int64_t>{0, 1, 2});

  std::vector<float> coordinates;
  for (int i = 0; i < 800; ++i) coordinates.push_back(static_cast<float>(std::sin(i)));
  SeriesEmbedding const embedding{
      .coordinates = coordinates, .subspace_dim = 4, .dimension = {{10, 1.234}, {30, 2.345}}, .estimator = "Made up"};
  tests::TemporaryFolder folder;
  draw_series(digest, folder.path(), &embedding);
  CHECK(lines(folder.path() / "plots/markov_circles_timeseries_umap_by_time.dat") == 401);
  auto const script = store::read_text(folder.path() / "plots/umap_subspace_4.gp");
  CHECK_THAT(script, ContainsSubstring("10 circles in 20 dimensions, of which they span 4") &&
                         ContainsSubstring("Intrinsic dimension of the embedding (Made up): 1.23 at k = 10, 2.3") &&
                         ContainsSubstring("Each point is one of 400 steps of the series"));
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  auto const subspace = tests::read_figure(folder.path() / "umap_subspace_4.svg");
  auto const overview = tests::read_figure(folder.path() / "markov_circles_timeseries.svg");
  REQUIRE(subspace.panels.size() == 2);
  REQUIRE(overview.panels.size() == 5);
  CHECK(overview.blank_panels() == 0);
  for (auto const& drawing : {subspace, overview}) {
    CHECK((drawing.says("UMAP by circle") && drawing.says("UMAP by time") && drawing.says("circle")));
    auto const& by_circle = drawing.panels[drawing.panels.size() - 2].plots.at(0);
    CHECK(by_circle.marks.size() == 400);
    CHECK(by_circle.mark_colors().size() ==
          std::set<std::int64_t>(sampled.circle.begin(), sampled.circle.end()).size());
    auto const& by_time = drawing.panels.back();
    CHECK(by_time.plots.at(0).marks.size() == 400);
    CHECK(by_time.plots[0].mark_colors().size() > 50);
    CHECK(by_time.right.labels().front() == "0");
  }
}
