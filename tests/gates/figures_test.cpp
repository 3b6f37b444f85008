#include "gates/figures.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>

#include "support/gnuplot.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

TEST_CASE("gate figures, with and without circles, with and without switches, constant or not") {
  auto const network = tests::small_network(3, 1);
  tests::TemporaryFolder const folder;
  for (bool const constant : {false, true})
    for (int const labels : {0, 1, 2}) {
      CAPTURE(constant, labels);
      auto const x = constant ? at::zeros({64, 3}) : at::sin(at::arange(64 * 3, at::kFloat)).view({64, 3});
      std::vector<std::int64_t> circle(labels == 0 ? 0 : 64, 0);
      if (labels == 2) std::fill(circle.begin() + 10, circle.end(), 1);
      auto const statistics = gates::gate_statistics(network, network, x, {circle}, {16, 2, 4});
      gates::draw_statistics(statistics, folder.path());
      gates::for_each_sample(network, x, 16, {{5}, {8}}, [&](gates::Sample const& sample) {
        auto const of_window =
            circle.empty() ? std::span<std::int64_t const>{} : std::span<std::int64_t const>(circle).subspan(8, 16);
        gates::draw_summary(sample, of_window, 2, folder.path());
        gates::draw_layer(sample, 1, of_window, 2, folder.path());
      });
      CHECK(std::filesystem::exists(folder.path() / "gates_layer2_5_delta.dat"));
    }
  if (!tests::gnuplot_installed()) SKIP("gnuplot is not installed");
  for (char const* name : {"gates_statistics", "gates_switches", "gates_summary_5", "gates_layer2_5"})
    for (char const* format : {".svg", ".png"})
      CHECK(std::filesystem::file_size(folder.path() / (std::string(name) + format)) > 1000);
}
