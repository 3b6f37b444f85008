#include "backend/backend.hpp"

#include <ATen/ATen.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/neighbors/neighbors.hpp"
#include "backend/inventory.hpp"
#include "errors/errors.hpp"
#include "parallel/group.hpp"
#include "support/small_network.hpp"
#include "train/optimizer.hpp"
#include "train/schedule.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<float> scattered(std::int64_t points, std::int64_t dims) {
  auto const generator = at::detail::createCPUGenerator(3);
  auto const values = at::randn({points, dims}, generator);
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

}  // namespace

TEST_CASE("auto takes a GPU if this process sees one, else the CPU") {
  auto const there = backend::inventory();
  CHECK(backend::choose("cpu") == "cpu");
  CHECK(backend::choose("auto") == (there.count > 0 ? "cuda" : "cpu"));
  CHECK(backend::cards(backend::choose("auto")) == there.count);
}

TEST_CASE("requesting a missing GPU is an error with the reason and a remedy") {
  auto const there = backend::inventory();
  if (there.count > 0) SKIP("skipped: this machine has a GPU");
  CHECK_FALSE(there.none_because.empty());
  try {
    (void)backend::choose("cuda");
    FAIL("not refused");
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::usage);
    CHECK(error.why() == there.none_because);
    CHECK_THAT(error.what(), ContainsSubstring("--device cuda") && ContainsSubstring("use --device cpu."));
    CHECK((error.why() == "this program was built without CUDA") == !there.built_with_cuda);
  }
}

TEST_CASE("the CPU has no card and no GPU facts") {
  CHECK(backend::cards("cpu") == 0);
  auto const gpu = backend::gpu_of("cpu");
  CHECK(gpu.name + gpu.driver + gpu.clocks + gpu.nccl == "");
}

TEST_CASE("on the CPU the predictor is the network itself") {
  auto const network = tests::small_network(3, 2);
  auto const predictor = backend::predictor("cpu", network);
  CHECK(predictor.get() == &network);
}

TEST_CASE("the CPU finds the nearest neighbors with any number of threads") {
  constexpr std::int64_t points = 300, dims = 4, k = 5;
  auto const rows = scattered(points, dims);
  auto const expected = analysis::neighbors::nearest_neighbors<float>(rows, points, dims, k, 1);
  for (int const threads : {0, 1, 2}) {
    auto const found = backend::neighbor_search("cpu", threads)->find(rows, points, dims, k, {});
    CHECK(found.index == expected.index);
    CHECK(found.distance == expected.distance);
  }
}

TEST_CASE("the CPU's learner is train::host_learner") {
  config::Trial trial;
  trial.model = tests::small_network(3, 1).config();
  trial.train.batch_size = 2;
  train::DataSplits splits;
  splits.train.series = at::randn({64, 3}, at::detail::createCPUGenerator(5));
  splits.train.length = 16;
  splits.train.starts = {0, 16, 32, 48};
  parallel::Group group;
  auto const weights_after = [&](train::LearnerFactory const& make) {
    auto network = tests::small_network(3, 1);
    train::Optimizer optimizer(network);
    auto const learner = make({trial, splits, network, optimizer, group});
    learner->begin({.order = {0, 1, 2, 3}, .lr = train::Schedule(trial.train).at(1), .next_batch = 0});
    learner->step();
    learner->step();
    REQUIRE(learner->reports().size() == 2);
    learner->sync_to_host();
    return network.flat().clone();
  };
  auto const trained = weights_after(backend::learners("cpu"));
  CHECK(at::equal(trained, weights_after(train::host_learner)));
  CHECK_FALSE(at::equal(trained, tests::small_network(3, 1).flat()));
}
