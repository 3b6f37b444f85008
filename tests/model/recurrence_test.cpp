#include "model/recurrence.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cmath>

#include "kernels/cpu.hpp"
#include "support/golden_generation.hpp"
#include "support/small_network.hpp"

using namespace mambasynth;

namespace {

using Floats = std::vector<float>;

Floats uniform(std::size_t count, float size, std::uint32_t seed = 1) {
  Floats values(count);
  for (auto& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = size * (static_cast<float>(seed >> 8) * 0x1p-23f - 1);
  }
  return values;
}

/// Weights far from their initial values, so that every term counts.
void stir(model::Network& network) {
  at::NoGradGuard const no_grad;
  auto flat = network.flat();
  flat += 0.2 * at::randn(flat.sizes(), at::detail::createCPUGenerator(7), flat.options());
}

model::Network network_of(config::Model const& config, std::int64_t channels) {
  model::Network network(config, channels);
  model::initialize(network, at::detail::createCPUGenerator(1));
  stir(network);
  return network;
}

double furthest(std::span<float const> a, std::span<float const> b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  return most;
}
double largest(std::span<float const> a) {
  double most = 0;
  for (float v : a) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// Every step of `steps` against Network::predict on the whole: it is causal, so one call covers all prefixes.
void check_prefixes(model::Network const& network, std::int64_t count, std::int64_t steps) {
  at::NoGradGuard const no_grad;
  auto const channels = network.channels();
  auto const heads = static_cast<std::int64_t>(network.horizons().size());
  auto const x =
      at::randn({count, steps, channels}, at::detail::createCPUGenerator(3), at::TensorOptions().dtype(at::kFloat));
  auto const expected = at::stack(network.predict(x), 2).contiguous();  // (b, t, head, c)
  model::Recurrence recurrence(network, count);
  for (std::int64_t t = 0; t < steps; ++t) {
    auto const now = x.select(1, t).contiguous();
    auto const wanted = expected.select(1, t).contiguous();
    auto const found = recurrence.step({now.const_data_ptr<float>(), static_cast<std::size_t>(now.numel())}, heads);
    std::span const wanted_values(wanted.const_data_ptr<float>(), static_cast<std::size_t>(wanted.numel()));
    INFO("step " << t);
    CHECK(furthest(found, wanted_values) <= 1e-5 * largest(wanted_values));
  }
}

}  // namespace

TEST_CASE("stepping equals the network on the whole prefix, for every horizon") {
  auto const threads = GENERATE(1, 2, 3);
  kernels::set_threads(threads);
  auto small = tests::small_network(3, 5);
  stir(small);
  check_prefixes(small, 1, 20);
  check_prefixes(small, 3, 9);
  // No size is a multiple of a vector; several parts; padding on every axis.
  config::Model odd;
  odd.d_model = 67, odd.n_layers = 3, odd.d_state = 11, odd.d_ff = 101, odd.d_conv = 3, odd.max_horizon = 2;
  check_prefixes(network_of(odd, 5), 2, 12);
  config::Model other;
  other.d_model = 20, other.n_layers = 1, other.d_state = 128, other.expand = 3, other.d_ff = 64, other.d_conv = 2;
  check_prefixes(network_of(other, 20), 1, 12);
  kernels::set_threads(0);
}

TEST_CASE("steps are the same from the reference, every instruction set and any number of threads") {
  config::Model config;
  config.d_model = 48, config.n_layers = 2, config.d_state = 16, config.d_ff = 72, config.max_horizon = 2;
  auto const network = network_of(config, 7);
  model::RecurrentView const view(network);
  constexpr std::int64_t sequences = 2, heads = 2;
  auto const& dimensions = view.dimensions();
  auto const x = uniform(static_cast<std::size_t>(sequences * dimensions.channels), 1);
  auto const noise = uniform(static_cast<std::size_t>(sequences * dimensions.layers * dimensions.features), 0.5f, 9);
  auto const run = [&](auto&& step, std::int64_t state_size) {
    Floats state(static_cast<std::size_t>(sequences * state_size)), all;
    Floats predictions(static_cast<std::size_t>(sequences * heads * dimensions.channels));
    for (int t = 0; t < 6; ++t)
      for (bool const keep : {false, true}) {
        step(kernels::RecurrentStep<float>{sequences, state.data(), keep, x.data(), keep ? nullptr : noise.data(),
                                           heads, predictions.data()});
        all.insert(all.end(), predictions.begin(), predictions.end());
      }
    return all;
  };
  auto const expected =
      run([&](auto const& step) { kernels::reference::recurrent_step(dimensions, view.weights(), step); },
          kernels::reference::recurrent_state_size(dimensions));
  auto const before = kernels::instruction_set();
  for (auto const set :
       {kernels::InstructionSet::baseline, kernels::InstructionSet::avx2, kernels::InstructionSet::avx512}) {
    if (!kernels::supports(set)) continue;
    kernels::use_instruction_set(set);
    kernels::RecurrentNetwork stepper(dimensions, view.weights());
    Floats first;
    for (int const threads : {1, 2, 5}) {
      kernels::set_threads(threads);
      auto const found = run([&](auto const& step) { stepper.step(step); }, stepper.state_size());
      CHECK(furthest(found, expected) <= 1e-5 * largest(expected));
      if (first.empty()) first = found;
      CHECK(found == first);
    }
  }
  kernels::set_threads(0);
  kernels::use_instruction_set(before);
}

TEST_CASE("noise inside the network changes one prediction but no state; copies are independent") {
  auto network = tests::small_network(3, 2);
  stir(network);
  auto const x = uniform(3 * 10, 1);
  auto const at = [&](std::size_t t) { return std::span(x).subspan(3 * t, 3); };
  auto const noise = uniform(2 * 16, 1, 5);
  model::Recurrence clean(network), perturbed(network);
  for (std::size_t t = 0; t < 10; ++t) {
    Floats noisy;
    if (t >= 4 && t < 6) {
      auto const found = perturbed.step_perturbed(at(t), noise);
      noisy.assign(found.begin(), found.end());
    }
    auto const expected = clean.step(at(t));
    auto const found = perturbed.step(at(t));
    CHECK(furthest(found, expected) == 0);
    if (!noisy.empty()) CHECK(furthest(noisy, expected) > 1e-3);
  }
  Floats const nothing(noise.size());
  auto copy = clean;
  auto const as_is = copy.step_perturbed(at(0), nothing);
  CHECK(furthest(as_is, model::Recurrence(clean).step(at(0))) == 0);
  auto fork = clean;
  for (std::size_t t = 0; t < 5; ++t) (void)fork.step(at(t));
  Floats const after_fork = [&] {
    auto const p = clean.step(at(0));
    return Floats(p.begin(), p.end());
  }();
  CHECK(furthest(after_fork, copy.step(at(0))) == 0);
  fork.reset();
  CHECK(furthest(fork.step(at(2)), model::Recurrence(network).step(at(2))) == 0);
}

TEST_CASE("a step of the wrong size is refused") {
  auto const network = tests::small_network(3, 2);
  model::Recurrence recurrence(network);
  Floats const x(3), wrong(4);
  CHECK_THROWS_AS(recurrence.absorb(wrong), std::invalid_argument);
  CHECK_THROWS_AS(recurrence.step(x, 3), std::invalid_argument);
  CHECK_THROWS_AS(recurrence.step_perturbed(x, wrong), std::invalid_argument);
}

TEST_CASE("greedy step-by-step generation matches the original") {
  auto const golden = tests::golden_generation();
  if (!golden) SKIP("skipped: no golden arrays (set MAMBASYNTH_REFERENCE to the folder that holds them)");
  auto const& [loaded, series, start, expected] = *golden;
  auto const channels = static_cast<std::size_t>(series.channels);
  model::Recurrence recurrence(loaded.network);
  Floats next, generated;
  for (std::size_t t = 0; t < golden->seed_steps; ++t) {
    auto const p =
        recurrence.step(std::span(series.x).subspan((static_cast<std::size_t>(start) + t) * channels, channels));
    next.assign(p.begin(), p.end());
  }
  while (generated.size() < expected.size()) {
    generated.insert(generated.end(), next.begin(), next.end());
    auto const p = recurrence.step(next);
    next.assign(p.begin(), p.end());
  }
  CHECK(furthest(generated, expected) <= 1e-4);
}
