#include "evaluate/evaluation.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

#include "evaluate/rows.hpp"
#include "model/state_dict.hpp"
#include "series/load.hpp"
#include "series/series.hpp"
#include "support/reference.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

TEST_CASE("the rows of the estimators are the original's") {
  config::Evaluate config;
  auto const rows = evaluate::choose_rows(99328, config).original;
  REQUIRE(rows.size() == 2000);
  CHECK(std::vector(rows.begin(), rows.begin() + 4) == std::vector<std::int64_t>{79697, 34783, 83825, 6154});
  CHECK(std::vector(rows.end() - 3, rows.end()) == std::vector<std::int64_t>{51683, 21668, 33642});
  // Few rows: UMAP uses all of them without a draw, and so do the estimators.
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
  evaluate::Subject const subject{
      .network = loaded.network, .untrained = nullptr, .series = x, .seq_len = 1024, .truth = {}};
  auto const measures = evaluate::evaluate(subject, config, {}, 2).measures;
  REQUIRE(measures.layers.size() == 9);
  constexpr double tolerance = 2e-3;  // difference of fp32 activations between two implementations
  auto const check = [&](std::size_t panel, std::string const& name, std::vector<double> const& expected) {
    INFO(name);
    CHECK(measures.layers[panel] == name);
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(measures.dimension[panel][analysis::dimension::levina_bickel_original][i].value ==
            Catch::Approx(expected[i]).margin(tolerance));
  };
  check(0, "input", {11.484, 8.024, 6.587});
  check(1, "layer_1", {10.760, 7.664, 8.682});
  check(4, "layer_4", {8.724, 4.809, 4.511});
  check(7, "layer_7", {7.169, 3.273, 2.857});
  check(8, "output", {3.036, 1.531, 1.761});
}

TEST_CASE("what cannot be measured is noted, and the rest is measured") {
  config::Data data;
  data.n_steps = 6400;
  data.ambient_dim = 3;
  data.n_circles = 3;
  auto generated = series::generate(data, 1);
  generated.phase[3000] = std::numeric_limits<double>::quiet_NaN();
  auto values = series::to_float32(generated.x);
  auto const x = at::from_blob(values.data(), {generated.n_steps, generated.channels()}, at::kFloat);
  auto const network = tests::small_network(3, 1), initial = tests::small_network(3, 2);
  config::Evaluate config;
  config.lb_k = {10};
  config.lb_points = 6400;
  config.probe_points = 6400;
  config.similarity_points = 200;
  config.shared_points = 20;
  std::vector<std::string> notes;
  evaluate::Subject const subject{.network = network,
                                  .untrained = &initial,
                                  .series = x,
                                  .seq_len = 64,
                                  .truth = {generated.circle, generated.phase, &generated.process, false},
                                  .note = [&](std::string const& note) { notes.push_back(note); }};
  auto const found = evaluate::evaluate(subject, config, {}, 1);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].starts_with("note: no control by the noise-free signal: "));
  CHECK_FALSE(found.controls.signal);
  CHECK(found.controls.noise);
  CHECK(found.controls.shuffled.size() == found.measures.layers.size());
  CHECK(found.controls.untrained.dimension.size() == found.measures.layers.size());
  // Phases with a gap are unknown; circles are known.
  REQUIRE(found.probes.targets.size() == 2);
  CHECK(found.probes.targets[0].target == "circle");
  CHECK(found.probes.targets[1].target == "revolutions_elapsed");
  CHECK(found.probes.guard_steps == 64);
  CHECK_FALSE(found.similarity.cka.empty());
  CHECK(found.shared.step.front() == 160);
  CHECK(found.shared.layers[1].values.size() == static_cast<std::size_t>(20 * found.shared.layers[1].features));
  // Shares of the variance add up, and fewer directions hold less of it.
  for (auto const& layer : found.measures.activation) {
    double sum = 0;
    for (auto const share : layer.spectrum) sum += share;
    CHECK(sum == Catch::Approx(1));
    CHECK((layer.components_50 >= 1 && layer.components_50 <= layer.components_90 &&
           layer.components_90 <= layer.components_95));
    CHECK(layer.participation_ratio_unbiased == Catch::Approx(layer.participation_ratio).epsilon(0.01));
  }

  SECTION("the note on a short series reports how far training and test rows are apart") {
    notes.clear();
    auto const short_x = x.narrow(0, 0, 640);
    evaluate::Subject const few{.network = network,
                                .untrained = nullptr,
                                .series = short_x,
                                .seq_len = 64,
                                .truth = {std::span(generated.circle).first(640), {}, &generated.process, false},
                                .note = subject.note};
    auto const measured = evaluate::evaluate(few, config, {}, 1);
    CHECK(measured.probes.guard_steps == 32);
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].starts_with("note: training and test rows of the probes are 32 steps apart"));
  }
}
