#include "train/losses/losses.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "train/losses/contrastive.hpp"
#include "train/losses/mean_squared_error.hpp"
#include "train/losses/slowness.hpp"

using namespace mambasynth;
namespace losses = train::losses;

namespace {

constexpr std::int64_t features = 6, channels = 3, width = 8;
constexpr double weight = 0.7;

at::Tensor random(at::IntArrayRef shape, std::uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions().dtype(at::kDouble));
}

losses::BatchShape batch_of(std::int64_t windows, std::int64_t steps, std::int64_t layers) {
  return {windows, steps, channels, layers, features, {1, 2}};
}

void check_close(at::Tensor const& found, at::Tensor const& expected) {
  CHECK((found - expected).abs().max().item<double>() <= 1e-13 + 1e-12 * expected.abs().max().item<double>());
}

/// Value and gradient in closed form against autograd in fp64. Sums and gradients are added to existing values.
void check_against_autograd(losses::AuxiliaryLoss const& loss, std::vector<at::Tensor> const& layers,
                            at::Tensor const& drawn) {
  auto const batch = batch_of(layers[0].size(0), layers[0].size(1), static_cast<std::int64_t>(layers.size()));
  auto const factor = loss.factor(batch, 0);
  std::vector<at::Tensor> leaves;
  for (auto const& h : layers) leaves.push_back(h.clone().set_requires_grad(true));
  auto const value = loss.weight() * loss.value(leaves, drawn);
  value.backward();
  auto const sums = at::ones({batch.windows}, at::kDouble);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    INFO("layer " << i);
    auto const dh = at::ones_like(layers[i]);
    auto const of_layer = drawn.defined() ? drawn[static_cast<std::int64_t>(i)] : drawn;
    loss.add_gradient({.h = layers[i], .dh = dh, .drawn = of_layer}, factor, sums);
    check_close(dh - 1, leaves[i].grad());
  }
  check_close(factor * (sums - 1).sum(), value.detach());
}

/// The same numbers in narrower types, bit-identical every time.
void check_dtypes(losses::AuxiliaryLoss const& loss, at::Tensor const& h, at::Tensor const& drawn) {
  auto const add = [&](at::Tensor const& stream) {
    auto const sums = at::zeros({h.size(0)}, at::kDouble), dh = at::zeros_like(stream);
    loss.add_gradient({.h = stream, .dh = dh, .drawn = drawn}, 0.5, sums);
    return std::pair(sums, dh);
  };
  for (auto const& [dtype, tolerance] : {std::pair{at::kFloat, 2e-6}, {at::kBFloat16, 1e-2}}) {
    auto const narrow = h.to(dtype);
    auto const [sums, dh] = add(narrow);
    auto const [expected_sums, expected] = add(narrow.to(at::kDouble));
    CHECK((sums - expected_sums).abs().max().item<double>() <= 2e-6 * expected_sums.abs().max().item<double>());
    CHECK((dh.to(at::kDouble) - expected).abs().max().item<double>() <=
          tolerance * expected.abs().max().item<double>());
    auto const [sums_again, again] = add(narrow);
    CHECK(at::equal(again, dh));
    CHECK(at::equal(sums_again, sums));
  }
}

at::Tensor some_negatives(std::int64_t rows) {
  return at::tensor({std::int64_t{0}, rows - 1, std::int64_t{3}, std::int64_t{3}, std::int64_t{3}, rows / 2}, at::kLong)
      .unsqueeze(0);
}

}  // namespace

TEST_CASE("the closed form of every auxiliary loss equals its value and autograd's gradient") {
  for (auto const& entry : losses::auxiliary_losses()) {
    config::Train train;
    train.*entry.weight = weight;
    auto const all = losses::losses_of(train);
    REQUIRE(all.auxiliary.size() == 1);
    auto const& loss = *all.auxiliary.front();
    CHECK(loss.weight() == weight);
    for (std::int64_t const steps : {2, 3, 9}) {
      INFO(loss.name() << ", " << steps << " steps");
      std::vector<at::Tensor> const layers{random({4, steps, features}, 1), random({4, steps, features}, 2)};
      check_against_autograd(loss, layers, loss.draw(batch_of(4, steps, 2), train::PhiloxStream(1, 2)));
    }
  }
}

TEST_CASE("the closed form of every prediction loss equals its value and autograd's gradient") {
  auto const make = GENERATE(from_range(losses::prediction_losses()));
  auto const loss = make({});
  for (std::int64_t const steps : {3, 9}) {
    INFO(loss->name() << ", " << steps << " steps");
    auto const batch = batch_of(4, steps, 2);
    auto const x = random({4, steps, channels}, 1);
    std::vector<at::Tensor> outputs, biases, predictions;
    for (std::size_t i = 0; i < batch.horizons.size(); ++i) {
      outputs.push_back(random({4, steps, width}, 2 + i).set_requires_grad(true));
      biases.push_back(random({channels}, 4 + i).set_requires_grad(true));
      predictions.push_back(outputs[i].narrow(2, 0, channels) + biases[i]);
    }
    auto const value = loss->weight() * loss->value(predictions, x, batch.horizons);
    value.backward();
    REQUIRE(loss->rows(batch) == 2);
    double total = 0;
    std::vector<at::Tensor> rows;
    for (std::size_t i = 0; i < batch.horizons.size(); ++i) {
      auto const row = static_cast<std::int64_t>(i);
      auto const sums = at::full({4}, 5, at::kDouble), gradient = at::full_like(outputs[i], 5),
                 dbias = at::full_like(biases[i], 5);
      losses::HeadOutput head{.horizon = batch.horizons[i],
                              .prediction = outputs[i].detach(),
                              .bias = biases[i].detach(),
                              .x = x,
                              .dprediction = gradient,
                              .dbias = dbias};
      loss->write_gradient(head, loss->factor(batch, row), sums);
      check_close(gradient, outputs[i].grad());
      check_close(dbias, biases[i].grad());
      total += loss->factor(batch, row) * sums.sum().item<double>();
      auto const evaluated = at::empty_like(sums);
      head.dprediction = at::Tensor();
      head.dbias = at::Tensor();
      loss->write_gradient(head, 0, evaluated);
      CHECK(at::equal(evaluated, sums));
      rows.push_back(sums);
    }
    CHECK(std::abs(total - value.item<double>()) <= 1e-12 * total);
    auto const by_window = loss->of_windows(at::stack(rows), batch);
    REQUIRE(by_window.size() == 4);
    CHECK(std::abs((by_window[0] + by_window[1] + by_window[2] + by_window[3]) / 4 - value.item<double>()) <=
          1e-12 * total);
  }
}

TEST_CASE("the key of every auxiliary loss is that of its weight, and at 0 the loss is left out") {
  REQUIRE(losses::auxiliary_losses().size() == 2);
  CHECK(losses::auxiliary_losses()[0].key() == "slowness_lambda");
  CHECK(losses::auxiliary_losses()[1].key() == "contrastive_lambda");
}

TEST_CASE("a trial needs its own process if one of its losses sets LibTorch's precision for all threads") {
  config::Train train;
  CHECK_FALSE(losses::needs_own_process(train));
  train.slowness_lambda = 1;
  CHECK_FALSE(losses::needs_own_process(train));
  train.contrastive_lambda = 1;
  CHECK(losses::needs_own_process(train));
}

TEST_CASE("the losses of a configuration are those with a nonzero weight, in the table's order") {
  CHECK(losses::losses_of({}).auxiliary.empty());
  CHECK(losses::losses_of({}).prediction->name() == "mse");
  config::Train train;
  train.contrastive_lambda = 2;
  train.slowness_lambda = 3;
  auto const all = losses::losses_of(train);
  REQUIRE(all.auxiliary.size() == 2);
  CHECK(all.auxiliary[0]->name() == "slowness");
  CHECK(all.auxiliary[0]->weight() == 3);
  CHECK(all.auxiliary[1]->name() == "contrastive");
  CHECK(all.auxiliary[1]->weight() == 2);
}

TEST_CASE("the closed form of the contrastive loss handles rows drawn three times and narrower types") {
  losses::Contrastive const loss(weight, 0.3, 6);
  for (std::int64_t const steps : {2, 3, 9}) {
    INFO(steps << " steps");
    check_against_autograd(loss, {random({4, steps, features}, 3)}, some_negatives(4 * steps));
  }
  check_dtypes(loss, random({3, 9, features}, 4), some_negatives(27)[0]);
}

TEST_CASE("steps of nearly zero length have the gradient of a constant length") {
  auto h = random({2, 5, features}, 5);
  h.narrow(1, 1, 2).mul_(1e-14);
  auto const negatives = some_negatives(10);
  losses::Contrastive const loss(1, 0.3, 6);
  auto const leaf = h.clone().set_requires_grad(true);
  loss.value({leaf}, negatives).backward();
  auto const sums = at::zeros({2}, at::kDouble), dh = at::zeros_like(h);
  loss.add_gradient({.h = h, .dh = dh, .drawn = negatives[0]}, 1. / 8, sums);
  CHECK((dh - leaf.grad()).abs().max().item<double>() <= 1e-12 * leaf.grad().abs().max().item<double>());
  h.zero_();
  dh.zero_();
  loss.add_gradient({.h = h, .dh = dh, .drawn = negatives[0]}, 1, sums);
  CHECK(dh.abs().max().item<double>() == 0);
}

TEST_CASE("micro-batches add up to a batch's slowness and gradient") {
  losses::Slowness const loss(1);
  auto const h = random({5, 7, features}, 6);
  auto const add = [&](at::Tensor const& sums, at::Tensor const& dh, std::int64_t first, std::int64_t count) {
    loss.add_gradient({.h = h.narrow(0, first, count), .dh = dh.narrow(0, first, count), .drawn = {}}, 0.25,
                      sums.narrow(0, first, count));
  };
  auto const sums = at::zeros({5}, at::kDouble), dh = at::zeros_like(h), part_sums = at::zeros_like(sums),
             part_dh = at::zeros_like(h);
  add(sums, dh, 0, 5);
  for (auto const& [first, count] : {std::pair{0, 2}, {2, 3}}) add(part_sums, part_dh, first, count);
  CHECK(at::equal(sums, part_sums));
  CHECK(at::equal(dh, part_dh));
}

TEST_CASE("a contrastive batch whose scores are computed in pieces has the same value and gradient") {
  // More scores than one piece holds (contrastive.cpp): two pieces and a short one.
  losses::Contrastive const loss(weight, 0.3, 9000);
  auto const drawn = loss.draw(batch_of(5, 400, 1), train::PhiloxStream(1, 2));
  check_against_autograd(loss, {random({5, 400, features}, 7)}, drawn);
}
