#include <ATen/ATen.h>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "evaluate/evaluation.hpp"
#include "evaluate/rows.hpp"
#include "model/state_dict.hpp"
#include "series/load.hpp"
#include "support/reference.hpp"

using namespace mambasynth;

TEST_CASE("the rows of the estimators are the original's") {
  config::Evaluate config;
  auto const rows = evaluate::choose_rows(99328, config).original;
  REQUIRE(rows.size() == 2000);
  CHECK(std::vector(rows.begin(), rows.begin() + 4) == std::vector<std::int64_t>{79697, 34783, 83825, 6154});
  CHECK(std::vector(rows.end() - 3, rows.end()) == std::vector<std::int64_t>{51683, 21668, 33642});
  // Few rows: all of them serve UMAP without a draw, and the estimators take what there is.
  CHECK(evaluate::choose_rows(500, config).original.size() == 500);
}

TEST_CASE("a trained checkpoint has the original's intrinsic dimension in every layer") {
  auto const checkpoint = tests::reference_file("model_next.pt");
  auto const data = tests::reference_file("data.npz");
  if (checkpoint.empty() || data.empty()) SKIP("skipped: the reference files are not there (MAMBASYNTH_REFERENCE)");
  auto const loaded = model::load_network(checkpoint);
  auto series = series::load_for_training(data);
  auto const x = at::from_blob(series.x.data(), {series.n_steps, series.channels}, at::kFloat);
  config::Evaluate config;
  config.controls = false;
  evaluate::Subject const subject{.network = loaded.network, .untrained = nullptr, .series = x, .seq_len = 1024, .truth = {}};
  auto const measures = evaluate::evaluate(subject, config, {}, 2).measures;
  REQUIRE(measures.layers.size() == 9);
  constexpr double tolerance = 2e-3;  // what fp32 activations of two implementations differ by
  auto const check = [&](std::size_t panel, std::string const& name, std::vector<double> const& expected) {
    INFO(name);
    CHECK(measures.layers[panel] == name);
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(measures.dimension[panel].levina_bickel_original[i].value == Catch::Approx(expected[i]).margin(tolerance));
  };
  check(0, "input", {11.484, 8.024, 6.587});
  check(1, "layer_1", {10.760, 7.664, 8.682});
  check(4, "layer_4", {8.724, 4.809, 4.511});
  check(7, "layer_7", {7.169, 3.273, 2.857});
  check(8, "output", {3.036, 1.531, 1.761});
}
