#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluate/evaluation.hpp"
#include "evaluate/gather.hpp"
#include "evaluate/rows.hpp"
#include "series/load.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

namespace {

config::Data small_data() {
  config::Data data;
  data.n_steps = 4000;
  return data;
}

config::Evaluate few_rows() {
  config::Evaluate config;
  config.lb_points = 800;
  config.lb_k = {10, 30};
  return config;
}

}  // namespace

TEST_CASE("probe rows are evenly spaced in time, and further estimator rows are drawn from the same stream") {
  config::Evaluate config;
  config.probe_points = 4;
  config.dimension_points = 50000;
  auto const rows = evaluate::choose_rows(99328, config);
  CHECK(rows.probe == std::vector<std::int64_t>{12416, 37248, 62080, 86912});
  CHECK(rows.original.front() == 79697);
  CHECK(rows.embedding.size() == 10000);
  CHECK(rows.embedding[4] == 59);  // numpy: sorted default_rng(42).choice(99328, 10000, replace=False)
  CHECK(std::set(rows.dimension.begin(), rows.dimension.end()).size() == 50000);
  CHECK(evaluate::choose_rows(3, config).probe == std::vector<std::int64_t>{0, 1, 2});
}

TEST_CASE("rows are picked in the requested order from every panel") {
  auto const network = tests::small_network(3, 2);
  auto const x = at::randn({70, 3}, at::detail::createCPUGenerator(2), at::TensorOptions().dtype(at::kFloat));
  std::vector<std::int64_t> const first{63, 0, 17}, second{5};
  auto const gathered = evaluate::gather(network, x, 16, {"input", "layer_2"}, {first, second}, 1);
  REQUIRE(gathered.names == std::vector<std::string>{"input", "layer_2"});
  CHECK(gathered.statistics[0].rows() == 64);
  auto const& input = gathered.rows[0][0];
  REQUIRE(input.dims == 3);
  for (std::size_t i = 0; i < first.size(); ++i)
    for (std::size_t d = 0; d < 3; ++d)
      CHECK(input.values[i * 3 + d] == x[first[i]][static_cast<std::int64_t>(d)].item<float>());
  auto const encoding = network.encode(x.narrow(0, 0, 64).view({4, 16, 3}));
  CHECK(gathered.rows[1][1].values[7] == encoding.layers[1][0][5][7].item<float>());
}

TEST_CASE("shuffled rows keep each feature's values but not their combinations") {
  evaluate::PanelRows rows{.dims = 2, .values = {}};
  for (int i = 0; i < 500; ++i)
    rows.values.insert(rows.values.end(), {static_cast<float>(i), static_cast<float>(2 * i)});
  auto const shuffled = evaluate::shuffled_rows(rows);
  for (std::size_t d = 0; d < 2; ++d) {
    std::vector<float> values;
    for (std::size_t i = 0; i < 500; ++i) values.push_back(shuffled.values[2 * i + d]);
    CHECK(values.front() != rows.values[d]);
    std::sort(values.begin(), values.end());
    for (std::size_t i = 0; i < 500; ++i) CHECK(values[i] == rows.values[2 * i + d]);
  }
  int together = 0;
  for (std::size_t i = 0; i < 500; ++i) together += shuffled.values[2 * i + 1] == 2 * shuffled.values[2 * i];
  CHECK(together < 10);  // one in expectation
}

TEST_CASE("the signal's rows lie on their circles without duplicates") {
  auto const series = series::generate(small_data());
  std::vector<std::int64_t> steps(4000);
  for (std::size_t t = 0; t < steps.size(); ++t) steps[t] = static_cast<std::int64_t>(t);
  auto const rows = evaluate::signal_rows({series.circle, series.phase, &series.process}, steps);
  REQUIRE(rows.has_value());
  std::set<float> firsts;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    double squares = 0;
    for (std::size_t d = 0; d < 20; ++d) squares += std::pow(rows->values[t * 20 + d], 2);
    CHECK(std::sqrt(squares) == Catch::Approx(series.process.radius[static_cast<std::size_t>(series.circle[t])]));
    firsts.insert(rows->values[t * 20]);
  }
  CHECK(firsts.size() > 3990);
  CHECK_FALSE(evaluate::signal_rows({series.circle, {}, &series.process}, steps).has_value());
  CHECK_FALSE(evaluate::signal_rows({}, steps).has_value());
}

TEST_CASE("controls have the expected dimensions: the signal is a curve, and noise fills its space") {
  auto const loaded = series::generate(small_data());
  auto values = series::to_float32(loaded.x);
  auto const x = at::from_blob(values.data(), {4000, 20}, at::kFloat);
  auto const network = tests::small_network(20, 2);
  auto const untrained = model::untrained_network(network.config(), 20, 7);
  evaluate::Subject const subject{.network = network,
                                  .untrained = &untrained,
                                  .series = x,
                                  .seq_len = 100,
                                  .truth = {loaded.circle, loaded.phase, &loaded.process}};
  auto const config = few_rows();
  auto const found = evaluate::evaluate(subject, config, {}, 2);
  auto const& controls = found.controls;
  REQUIRE(controls.signal.has_value());
  REQUIRE(controls.noise.has_value());
  CHECK((*controls.signal)[analysis::dimension::levina_bickel][0].value == Catch::Approx(1).margin(0.15));
  CHECK((*controls.noise)[analysis::dimension::levina_bickel][0].value >
        12);  // 20, less the bias of 800 points in 20 dimensions
  REQUIRE(controls.shuffled.size() == found.measures.layers.size());
  for (std::size_t p = 0; p < controls.shuffled.size(); ++p)
    CHECK(controls.shuffled[p][analysis::dimension::levina_bickel][0].value >
          found.measures.dimension[p][analysis::dimension::levina_bickel][0].value);
  CHECK(controls.untrained.layers == found.measures.layers);
  // The input does not depend on the weights; the layers do.
  CHECK(controls.untrained.dimension[0][analysis::dimension::two_nn_ml][0].value ==
        found.measures.dimension[0][analysis::dimension::two_nn_ml][0].value);
  CHECK(controls.untrained.dimension[1][analysis::dimension::two_nn_ml][0].value !=
        found.measures.dimension[1][analysis::dimension::two_nn_ml][0].value);
  CHECK(found.measures.dimension[1][analysis::dimension::levina_bickel][0].se_blocks > 0);

  SECTION("results are bit-identical for any number of threads") {
    auto const one = evaluate::evaluate(subject, config, {}, 1);
    CHECK(one.controls.shuffled[2][analysis::dimension::gride][0].value ==
          controls.shuffled[2][analysis::dimension::gride][0].value);
    CHECK(one.measures.dimension[2][analysis::dimension::levina_bickel][1].value ==
          found.measures.dimension[2][analysis::dimension::levina_bickel][1].value);
  }
  SECTION("all estimators but the original's use the further rows") {
    auto more = config;
    more.dimension_points = 1500;
    auto const wide = evaluate::evaluate(subject, more, {}, 2);
    CHECK(wide.measures.dimension[1][analysis::dimension::levina_bickel_original][0].value ==
          found.measures.dimension[1][analysis::dimension::levina_bickel_original][0].value);
    CHECK(wide.measures.dimension[1][analysis::dimension::levina_bickel][0].value !=
          found.measures.dimension[1][analysis::dimension::levina_bickel][0].value);
    CHECK(wide.measures.dimension[1].points == 1500);
  }
  SECTION("controls can be turned off") {
    auto none = config;
    none.controls = false;
    CHECK_FALSE(evaluate::evaluate(subject, none, {}, 2).controls.any());
  }
}
