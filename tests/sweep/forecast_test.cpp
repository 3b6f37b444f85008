#include "sweep/forecast.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sweep/cost.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

sweep::Plan plan_of(std::string const& text) {
  return sweep::make_plan(sweep::parse_sweep(text, "test.toml"), "fp32",
                          [](config::Data const&) -> sweep::DataIdentity { throw std::logic_error("no such series"); });
}

std::vector<bool> none_of(sweep::Plan const& plan) { return std::vector<bool>(plan.trials.size(), false); }

/// A machine that computes `pace` seconds per TFLOP of a training step, and a log of what it was asked to train.
struct Machine {
  double pace = 0.01;
  std::int64_t largest_state = 256;  ///< it cannot train a larger one
  std::vector<config::Trial> asked = {};

  [[nodiscard]] sweep::Stopwatch stopwatch(double seconds = 15, bool whole_batches = false) {
    return {.time_step = [this](config::Trial const& trial, std::int64_t channels, double) -> std::optional<double> {
              asked.push_back(trial);
              if (trial.model.d_state > largest_state) return std::nullopt;
              return pace * 3 * static_cast<double>(trial.train.batch_size * trial.train.seq_len) *
                     sweep::forward_flop_per_step(trial.model, channels) / 1e12;
            },
            .place = "here",
            .whole_batches = whole_batches,
            .seconds = seconds};
  }
};

std::string const shapes = R"([sweep]
seeds = [1, 2]
[[sweep.axis]]
"train.epochs" = [10, 20]
[[sweep.axis]]
"model.d_state" = [8, 16]
[model]
d_model = 32
n_layers = 2
[train]
seq_len = 64
)";

}  // namespace

TEST_CASE("each distinct shape is timed, and a trial takes its cost at that pace") {
  auto const plan = plan_of(shapes);
  Machine machine;
  auto const forecast = sweep::forecast_from_steps(plan, none_of(plan), machine.stopwatch());
  REQUIRE(forecast.seconds.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK_THAT(forecast.seconds[i], WithinRel(plan.trials[i].cost * 0.01, 1e-9));
  CHECK_THAT(forecast.basis, ContainsSubstring("training steps of 2 shapes, timed on here"));
  // The number of windows grows from one to the batch.
  CHECK(machine.asked.front().train.batch_size == 1);
  CHECK(machine.asked.back().train.batch_size == config::Train{}.batch_size);
  for (auto const& trial : machine.asked) CHECK(trial.train.seq_len == 64);
}

TEST_CASE("on a GPU, only whole batches are timed") {
  auto const plan = plan_of(shapes);
  Machine machine;
  (void)sweep::forecast_from_steps(plan, none_of(plan), machine.stopwatch(15, true));
  REQUIRE(machine.asked.size() == 2);
  CHECK(machine.asked[0].train.batch_size == config::Train{}.batch_size);
}

TEST_CASE("shapes that are not timed are scaled by their predicted cost") {
  auto const plan = plan_of(shapes);
  Machine machine{.largest_state = 8};
  auto const forecast = sweep::forecast_from_steps(plan, none_of(plan), machine.stopwatch());
  REQUIRE(forecast.seconds.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK_THAT(forecast.seconds[i], WithinRel(plan.trials[i].cost * 0.01, 1e-9));
  CHECK_THAT(forecast.basis, ContainsSubstring("of 1 shape (1 more scaled by predicted cost)"));

  Machine busy;
  auto const hurried = sweep::forecast_from_steps(plan, none_of(plan), busy.stopwatch(0));
  CHECK_THAT(hurried.basis, ContainsSubstring("of 1 shape (1 more scaled by predicted cost)"));
}

TEST_CASE("if the machine can train no shape of the sweep, the default network is timed instead") {
  auto const plan = plan_of("[model]\nd_state = 256\n");
  Machine machine{.largest_state = 64};
  auto const forecast = sweep::forecast_from_steps(plan, none_of(plan), machine.stopwatch());
  CHECK_THAT(forecast.seconds.at(0), WithinRel(plan.trials[0].cost * 0.01, 1e-9));
  CHECK_THAT(forecast.basis, ContainsSubstring("the default network"));
  Machine none{.largest_state = 0};
  CHECK(sweep::forecast_from_steps(plan, none_of(plan), none.stopwatch()).seconds.empty());
}

TEST_CASE("a window that would take minutes is shortened before it is timed") {
  auto const plan = plan_of("[data]\nn_steps = 1000000\n[train]\nseq_len = 200000\n[model]\nmax_horizon = 64\n");
  Machine machine;
  auto const forecast = sweep::forecast_from_steps(plan, none_of(plan), machine.stopwatch());
  REQUIRE_FALSE(machine.asked.empty());
  CHECK(machine.asked.front().train.seq_len < 2000);
  CHECK(machine.asked.front().train.seq_len > 64);
  CHECK_THAT(forecast.seconds.at(0), WithinRel(plan.trials[0].cost * 0.01, 1e-9));
}

TEST_CASE("trials that are done take no time, and finished trials are the best forecast") {
  auto const plan = plan_of(shapes);
  auto done = none_of(plan);
  done[0] = true;
  sweep::CostModel costs;
  (void)costs.learn(plan.trials[0].cost, 100);
  auto const forecast = sweep::forecast_from_trials(plan, done, costs, 1);
  CHECK(forecast.done == 1);
  CHECK(forecast.seconds[0] == 0);
  CHECK_THAT(forecast.seconds[1], WithinRel(100.0));
  auto const text = sweep::describe(plan, forecast, 2);
  CHECK_THAT(text, ContainsSubstring("seed 1  done\n") && ContainsSubstring("about 2 min") &&
                       ContainsSubstring("1 of 8 trials done\nremaining: about ") && ContainsSubstring("on 2 ranks") &&
                       ContainsSubstring("Based on 1 finished trial of this folder") && !ContainsSubstring("TFLOP"));
}

TEST_CASE("free ranks start the longest remaining trial, and a trial on several ranks takes its share on each") {
  auto plan = plan_of("[sweep]\nseeds = [1, 2, 3]\n");
  CHECK(sweep::makespan(plan, {10, 20, 30}, 1) == 60);
  CHECK(sweep::makespan(plan, {10, 20, 30}, 2) == 30);
  CHECK(sweep::makespan(plan, {10, 20, 30}, 8) == 30);
  plan.trials[2].ranks = 2;
  CHECK(sweep::makespan(plan, {10, 20, 30}, 2) == 35);  // 15 on both, then 20 next to 10
}
