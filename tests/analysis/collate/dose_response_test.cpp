#include "analysis/collate/dose_response.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

#include "analysis/collate/made_up_sweep.hpp"
#include "store/csv.hpp"
#include "support/reference.hpp"

using namespace mambasynth::analysis::collate;
using namespace mambasynth::tests;
using Catch::Approx;

namespace {

constexpr char const* factor = "train.gate_lr_factor";
constexpr char const* states = "model.d_state";

std::vector<DoseResponse> responses(MadeUpSweep const& made_up) {
  return dose_responses(tabulate(made_up.sweep()), made_up.sweep(), {});
}

}  // namespace

TEST_CASE("a trend along an axis, in the order of its numbers") {
  MadeUpSweep made_up({factor});
  made_up.cell({{factor, "1.0"}}, "test_mse", {4, 5})
      .cell({{factor, "0.01"}}, "test_mse", {8, 10})
      .cell({{factor, "1e-1"}}, "test_mse", {6, 7.5})
      .cell({{factor, "0"}}, "test_mse", {9, 20});
  auto const found = responses(made_up);
  REQUIRE(found.size() == 1);
  CHECK(found[0].axis == factor);
  CHECK(found[0].measure == "test_mse");
  CHECK(found[0].x == std::vector{0.0, 0.01, 0.1, 1.0});
  CHECK(found[0].cells == std::vector<std::size_t>{3, 1, 2, 0});
  CHECK(found[0].trend.slope.mean == Approx(-2.25));  // per factor of ten: -2 and -2.5
  CHECK(found[0].trend.slope.high - found[0].trend.slope.mean == Approx(12.7062047361747046 * 0.25));
  CHECK(found[0].trend.spearman == -1);

  auto const table = tabulate(made_up.sweep());
  auto const records = mambasynth::store::csv::parse(to_csv(found, table), "trends.csv");
  REQUIRE(records.size() == 2);
  CHECK(records[0] == std::vector<std::string>{"axis", "measure", "n", "slope", "ci_low", "ci_high", "scale",
                                               "spearman", "spearman_ci_low", "spearman_ci_high", "cells", "apart",
                                               "seeds_left_out"});
  CHECK(records[1][2] == "2");
  CHECK(records[1][6] == "log10");
  CHECK(std::vector(records[1].begin() + 7, records[1].end()) ==
        std::vector<std::string>{"-1", "-1", "-1", "4", "0", "0"});
}

TEST_CASE("the other axes are held fixed") {
  MadeUpSweep made_up({factor, states});
  for (auto const* s : {"16", "32"})
    for (auto const* f : {"1", "2", "3"})
      made_up.cell({{factor, f}, {states, s}}, "test_mse", {std::stod(f) * std::stod(s), 1});
  auto const found = responses(made_up);
  REQUIRE(found.size() == 2);  // d_state has only two values
  CHECK(found[0].at == Axes{{states, "16"}});
  CHECK(found[1].at == Axes{{states, "32"}});
  CHECK(found[0].trend.slope.mean == Approx(8));
  CHECK(found[1].trend.slope.mean == Approx(16));
  CHECK_FALSE(found[0].trend.scale.logarithmic);
  auto const records = mambasynth::store::csv::parse(to_csv(found, tabulate(made_up.sweep())), "trends.csv");
  REQUIRE(records.size() == 3);
  CHECK(records[0].back() == states);
  CHECK(records[1].back() == "16");
  CHECK(records[1][records[1].size() - 2].empty());
}

TEST_CASE("keys that vary together are one line") {
  TemporaryFolder const root;
  MadeUpSweep made_up({factor, states});
  made_up.folder(root.path(),
                 "[[sweep.axis]]\n\"train.gate_lr_factor\" = [1, 2, 3]\n\"model.d_state\" = [16, 32, 64]\n");
  made_up.cell({{factor, "1"}, {states, "16"}}, "test_mse", {1, 2})
      .cell({{factor, "2"}, {states, "32"}}, "test_mse", {2, 3})
      .cell({{factor, "3"}, {states, "64"}}, "test_mse", {3, 4});
  auto const found = responses(made_up);
  REQUIRE(found.size() == 2);
  CHECK(found[0].axis == factor);
  CHECK(found[0].at.empty());
  CHECK(found[1].axis == states);
  CHECK(found[1].trend.scale.logarithmic);

  // Not where two cells then share a place.
  made_up.cell({{factor, "3"}, {states, "128"}}, "test_mse", {5, 6});
  for (auto const& response : responses(made_up)) CHECK(response.axis == states);
}

TEST_CASE("an axis of text or of two values has no trend") {
  auto const count = [](std::vector<std::string> const& values) {
    MadeUpSweep made_up({factor});
    for (auto const& value : values) made_up.cell({{factor, value}}, "test_mse", {1, 2});
    return responses(made_up).size();
  };
  CHECK(count({"1", "2", "3"}) == 1);
  CHECK(count({"1", "2"}) == 0);
  for (auto const* hostile : {"nan", "inf", "-inf", "1e400", "", "default", "0x10", "1 ", "1,5", "<script>", "true"}) {
    CAPTURE(hostile);
    CHECK(count({"1", "2", "3", hostile}) == 0);
  }
  MadeUpSweep trials({trial_axis});
  for (auto const* name : {"1", "2", "3"}) trials.cell({{trial_axis, name}}, "test_mse", {1});
  CHECK(responses(trials).empty());
}

TEST_CASE("a cell that failed as a whole is not on the line; a seed that lost one is left out") {
  MadeUpSweep made_up({factor});
  made_up.cell({{factor, "1"}}, "test_mse", {1, 2, 3})
      .cell({{factor, "2"}}, "test_mse", {2, 4, std::numeric_limits<double>::quiet_NaN()})
      .failed({{factor, "3"}}, 0)
      .cell({{factor, "4"}}, "test_mse", {4, 8, 12});
  auto const found = responses(made_up);
  REQUIRE(found.size() == 1);
  CHECK(found[0].x == std::vector<double>{1, 2, 4});
  CHECK(found[0].trend.left_out == 1);
  CHECK(found[0].trend.slope.n == 2);
}
