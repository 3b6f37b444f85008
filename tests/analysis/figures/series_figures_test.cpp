#include "analysis/figures/series_figures.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "store/atomic_file.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::figures;

namespace {
series::Digest digest_of(config::Data const& data) {
  series::SeriesStream stream(data);
  series::Digest digest(stream.process(), data.n_steps);
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
  for (auto const& [steps, circles, channels] : {Case{5000, 10, 20}, Case{100, 1, 2}, Case{1, 3, 2}, Case{3000, 30, 5}}) {
    CAPTURE(steps, circles, channels);
    config::Data data;
    data.n_steps = steps;
    data.n_circles = circles;
    data.ambient_dim = channels;
    tests::TemporaryFolder folder;
    auto const digest = digest_of(data);
    auto const outcome = draw_series(digest, folder.path());
    CHECK(lines(folder.path() / "markov_circles_timeseries_visits.dat") ==
          static_cast<std::int64_t>(digest.visits().size()) + 1);
    CHECK(lines(folder.path() / "markov_circles_timeseries_periods.dat") == circles + 1);
    for (char const* name : {"sample_window_0", "sample_window_1", "sample_window_2"})
      CHECK(lines(folder.path() / (std::string(name) + "_x.dat")) == channels);
    if (outcome == Outcome::gnuplot_missing) SKIP("gnuplot is not installed");
    for (char const* name : {"markov_circles_timeseries", "sample_window_0", "sample_window_1", "sample_window_2"})
      for (char const* extension : {".svg", ".png"}) CHECK(std::filesystem::file_size(folder.path() / (std::string(name) + extension)) > 1000);
  }
}
