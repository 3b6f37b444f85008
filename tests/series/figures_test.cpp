#include "series/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

#include "series/series.hpp"
#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::series;

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
}  // namespace

TEST_CASE("the series' figures, of any number of circles, channels and steps") {
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
    CHECK(lines(folder.path() / "markov_circles_timeseries_visits.dat") ==
          static_cast<std::int64_t>(digest.visits().size()) + 1);
    CHECK(lines(folder.path() / "markov_circles_timeseries_periods.dat") == circles + 1);
    for (char const* name : {"sample_window_0", "sample_window_1", "sample_window_2"})
      CHECK(lines(folder.path() / (std::string(name) + "_x.dat")) == channels);
    if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
    for (char const* name : {"markov_circles_timeseries", "sample_window_0", "sample_window_1", "sample_window_2"})
      for (char const* extension : {".svg", ".png"})
        CHECK(std::filesystem::file_size(folder.path() / (std::string(name) + extension)) > 1000);
  }
}

TEST_CASE("the steps that are embedded, as the original draws them, and their figures") {
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
      .coordinates = coordinates, .subspace_dim = 4, .levina_bickel = {{10, 1.234}, {30, 2.345}}};
  tests::TemporaryFolder folder;
  draw_series(digest, folder.path(), &embedding);
  CHECK(lines(folder.path() / "markov_circles_timeseries_umap_by_time.dat") == 401);
  auto const script = store::read_text(folder.path() / "umap_subspace_4.gp");
  CHECK(
      script.find("10 circles in 20 dimensions, subspace of 4; Levina-Bickel of the embedding: k=10 1.23, k=30 2.3") !=
      std::string::npos);
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  for (char const* name : {"markov_circles_timeseries.png", "umap_subspace_4.svg"})
    CHECK(std::filesystem::file_size(folder.path() / name) > 1000);
}
