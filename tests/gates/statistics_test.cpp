#include "gates/statistics.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "errors/errors.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;
using Catch::Matchers::WithinRel;

namespace {

constexpr std::int64_t steps = 70, window = 16, windows = 4, skip = 3, around = 2;  // a tail of 6 steps is left out

at::Tensor noise() {
  return at::randn({steps, 3}, at::detail::createCPUGenerator(2), at::TensorOptions().dtype(at::kFloat));
}

/// Switches at 5 (used), 17 (in the skipped part of window 1), 25, 31 (last of window 1), 45, 46 (one step apart).
std::vector<std::int64_t> circles() {
  std::vector<std::int64_t> circle(steps);
  std::int64_t now = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t const s : {5, 17, 25, 31, 45, 46}) now += t == s ? 1 : 0;
    circle[static_cast<std::size_t>(t)] = now;
  }
  return circle;
}

/// Of each circle.
std::vector<std::int64_t> periods() { return {4, 3, 4, 6, 3, 2, 5}; }

struct Plain {
  double mean, standard_error;
  std::int64_t count;
};

/// By the definition, from the values of each window: residuals of its sum about mean times count.
Plain plain(std::map<std::int64_t, std::vector<double>> const& by_window) {
  double sum = 0, squares = 0;
  std::int64_t count = 0;
  for (auto const& [w, values] : by_window)
    for (auto const v : values) sum += v, ++count;
  double const mean = sum / static_cast<double>(count), n = static_cast<double>(by_window.size());
  for (auto const& [w, values] : by_window) {
    double residual = 0;
    for (auto const v : values) residual += v - mean;
    squares += residual * residual;
  }
  return {mean, std::sqrt(squares * n / (n - 1)) / static_cast<double>(count), count};
}

}  // namespace

TEST_CASE("gate statistics are the plain averages over each condition's steps") {
  auto const network = tests::small_network(3, 1);
  auto const x = noise();
  auto const circle = circles(), period = periods();
  auto const s = gates::gate_statistics(network, network, x, {circle, period}, {window, skip, around});
  REQUIRE(s.conditions == std::vector<std::string>{"all", "away", "before", "switch", "after", "return"});
  REQUIRE(s.offsets() == 2 * around + 1);
  CHECK(s.windows == windows);

  auto const signals = network.gates(x.narrow(0, 0, windows * window).view({windows, window, 3}));
  for (std::size_t layer = 0; layer < 2; ++layer) {
    CAPTURE(layer);
    auto const delta = signals[layer].delta.to(at::kDouble).contiguous();
    auto const A = network.layers()[layer].mixer.A_log.to(at::kDouble).exp().contiguous();
    auto const channels = A.size(0), states = A.size(1);
    // Bins 0 to 5 as the conditions, then the offsets of switches and of returns; values of delta, memory, log memory.
    std::array<std::array<std::map<std::int64_t, std::vector<double>>, 16>, 3> of;
    for (std::int64_t t = 0; t < windows * window; ++t) {
      auto const w = t / window;
      if (t % window < skip) continue;
      double d = 0, m = 0, g = 0;
      for (std::int64_t c = 0; c < channels; ++c) {
        double const step_size = delta.const_data_ptr<double>()[t * channels + c];
        d += step_size / static_cast<double>(channels);
        for (std::int64_t n = 0; n < states; ++n) {
          double const memory = 1 / (step_size * A.const_data_ptr<double>()[c * states + n]);
          m += memory / static_cast<double>(channels * states);
          g += std::log(memory) / static_cast<double>(channels * states);
        }
      }
      auto const put = [&](std::size_t bin) {
        of[0][bin][w].push_back(d), of[1][bin][w].push_back(m), of[2][bin][w].push_back(g);
      };
      put(0);
      bool away = true;
      for (std::int64_t const at : {5, 17, 25, 31, 45, 46}) {
        auto const offset = t - at;
        if (std::abs(offset) > around) continue;
        away = false;
        if (at / window != w || at % window < skip) continue;
        put(offset < 0 ? 2 : offset == 0 ? 3 : 4);
        put(static_cast<std::size_t>(6 + offset + around));
      }
      if (away) put(1);
      std::int64_t begin = 0, end = steps;
      for (std::int64_t const at : {5, 17, 25, 31, 45, 46}) {
        if (at <= t) begin = at;
        else end = std::min(end, at);
      }
      auto const near = [](std::int64_t step) {
        for (std::int64_t const at : {5, 17, 25, 31, 45, 46})
          if (std::abs(step - at) <= around) return true;
        return false;
      };
      auto const turn = period[static_cast<std::size_t>(circle[static_cast<std::size_t>(t)])];
      for (auto at = begin + turn; at < end; at += turn) {
        auto const offset = t - at;
        if (std::abs(offset) > around || near(at) || near(t) || at / window != w || at % window < skip) continue;
        if (offset == 0) put(5);
        put(static_cast<std::size_t>(11 + offset + around));
      }
    }
    for (std::size_t bin = 0; bin < 16; ++bin) {
      CAPTURE(bin);
      auto const& table = bin < 6 ? s.by_condition : bin < 11 ? s.around_switch : s.around_return;
      auto const column = bin < 6 ? bin : bin < 11 ? bin - 6 : bin - 11;
      auto const i = layer * (bin < 6 ? 6 : 5) + column;  // six conditions, five offsets
      auto const d = plain(of[0][bin]), m = plain(of[1][bin]), g = plain(of[2][bin]);
      CHECK(table.steps[column] == d.count);
      CHECK_THAT(table.delta.value[i], WithinRel(d.mean, 1e-10));
      CHECK_THAT(table.memory.value[i], WithinRel(m.mean, 1e-10));
      CHECK_THAT(table.memory_geometric.value[i], WithinRel(std::exp(g.mean), 1e-10));
      CHECK_THAT(table.delta.standard_error[i], WithinRel(d.standard_error, 1e-6));
      CHECK_THAT(table.memory.standard_error[i], WithinRel(m.standard_error, 1e-6));
      CHECK_THAT(table.memory_geometric.standard_error[i], WithinRel(std::exp(g.mean) * g.standard_error, 1e-6));
    }
  }
}

TEST_CASE("without circles there is one condition; with one window there is no standard error") {
  auto const network = tests::small_network(3, 1);
  auto const s = gates::gate_statistics(network, network, noise().narrow(0, 0, 20), {}, {window, 0, around});
  CHECK(s.conditions == std::vector<std::string>{"all"});
  CHECK(s.offsets() == 0);
  CHECK(s.windows == 1);
  CHECK(s.by_condition.steps == std::vector<std::int64_t>{window});
  CHECK(std::isfinite(s.by_condition.delta.value[0]));
  CHECK(std::isnan(s.by_condition.delta.standard_error[0]));
}

TEST_CASE("a series without a switch has empty bins, and shapes that leave no steps are refused") {
  auto const network = tests::small_network(3, 1);
  std::vector<std::int64_t> const circle(steps, 4);
  auto const s = gates::gate_statistics(network, network, noise(), {circle}, {window, skip, around});
  CHECK(s.by_condition.steps ==
        std::vector<std::int64_t>{windows * (window - skip), windows * (window - skip), 0, 0, 0, 0});
  CHECK(std::isnan(s.by_condition.delta.value[3]));
  CHECK_THROWS_AS(gates::gate_statistics(network, network, noise(), {circle}, {window, window, around}), errors::Error);
  CHECK_THROWS_AS(gates::gate_statistics(network, network, noise(), {circle}, {steps + 1, 0, around}), errors::Error);
}
