#include "gates/signal_maps.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "support/gnuplot.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

namespace {

constexpr std::int64_t steps = 150, window = 16, used = 144;

config::Gates settings(std::int64_t points) {
  config::Gates config;
  config.umap_points = points;
  config.umap_neighbors = 8;
  return config;
}

}  // namespace

TEST_CASE("the maps of gate signals are UMAPs of the signals at the drawn steps") {
  auto const network = tests::small_network(3, 1);
  auto const layers = network.layers().size();
  auto const x = at::randn({steps, 3}, at::detail::createCPUGenerator(2), at::TensorOptions().dtype(at::kFloat));
  auto const maps = gates::map_signals(network, x, window, settings(60), 2);
  REQUIRE(maps.time.size() == 60);
  CHECK(std::is_sorted(maps.time.begin(), maps.time.end()));
  CHECK(maps.time.back() < used);

  auto const signals = network.gates(x.narrow(0, 0, used).view({used / window, window, 3}));
  auto const chosen = at::tensor(maps.time, at::kLong);
  for (std::size_t s = 0; s < gates::mapped_signals.size(); ++s)
    for (std::size_t layer = 0; layer < layers; ++layer) {
      auto const rows =
          (signals[layer].*gates::mapped_signals[s].member).flatten(0, 1).index_select(0, chosen).contiguous();
      REQUIRE(maps.dims[s] == rows.size(1));
      auto const expected = analysis::embedding::umap<float>(
          std::span(rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel())), 60, rows.size(1),
          {.neighbors = 8, .min_dist = config::umap_min_dist, .seed = config::umap_seed, .threads = 1});
      CHECK(maps.of(s)[layer].coordinates == expected.coordinates);
    }

  std::vector<std::int64_t> circle;
  for (std::int64_t t = 0; t < steps; ++t) circle.push_back(t / 50);
  tests::TemporaryFolder folder;
  gates::draw_signal_maps(maps, circle, 3, folder.path());
  for (auto const& signal : gates::mapped_signals) {
    auto const data = store::read_text(folder.path() / "plots" / (std::string(signal.figure) + "_panel1.dat"));
    CHECK(std::count(data.begin(), data.end(), '\n') == 61);
    if (tests::gnuplot_installed())
      CHECK(std::filesystem::file_size(folder.path() / (std::string(signal.figure) + ".png")) > 1000);
  }
}

TEST_CASE("all steps are embedded if there are fewer than requested, and a short series is refused") {
  auto const network = tests::small_network(3, 1);
  auto const x = at::zeros({40, 3}, at::kFloat);
  auto const maps = gates::map_signals(network, x, window, settings(10000), 1);
  CHECK(maps.time.size() == 32);
  CHECK(maps.time[31] == 31);
  CHECK_THROWS_AS(gates::map_signals(network, x.narrow(0, 0, 10), window, settings(10), 1), errors::Error);
}
