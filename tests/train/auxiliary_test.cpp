#include "train/auxiliary.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_test_macros.hpp>
#include <torch/csrc/autograd/autograd.h>

#include <functional>

#include "kernels/slowness.hpp"
#include "train/objective.hpp"

using namespace mambasynth;

namespace {

constexpr std::int64_t features = 6;

at::Tensor stream(std::int64_t windows, std::int64_t steps, std::uint64_t seed) {
  return at::randn({windows, steps, features}, at::detail::createCPUGenerator(seed),
                   at::TensorOptions().dtype(at::kDouble));
}

/// The plain version of the GPU's kernel.
void add_slowness(at::Tensor const& h, double weight, at::Tensor const& sums, at::Tensor const& dh) {
  kernels::reference::slowness<double>(
      {h.size(0), h.size(1), h.size(2)}, weight,
      {h.const_data_ptr<double>(), dh.mutable_data_ptr<double>(), sums.mutable_data_ptr<double>()});
}

struct Term {
  /// Of one layer, in the graph.
  std::function<at::Tensor(at::Tensor const& h)> value;
  /// Adds the windows' sums to `sums` and `weight` times the gradient to `dh`.
  std::function<void(at::Tensor const& h, double weight, at::Tensor const& sums, at::Tensor const& dh)> add;
  /// Elements that `value` averages over.
  std::function<std::int64_t(at::Tensor const& h)> count;
};

Term slowness() {
  return {[](auto const& h) { return train::slowness({h}); }, add_slowness,
          [](auto const& h) { return h.size(0) * (h.size(1) - 1) * features; }};
}

Term contrastive(at::Tensor const& negatives) {
  constexpr double temperature = 0.3;
  return {[=](auto const& h) { return train::contrastive({h}, {negatives}, temperature); },
          [=](auto const& h, double weight, auto const& sums, auto const& dh) {
            train::add_contrastive(h, negatives, temperature, weight, sums, dh);
          },
          [](auto const& h) { return h.size(0) * (h.size(1) - 1); }};
}

/// Against autograd in fp64. Sums and gradients are added to what is there.
void check_against_autograd(Term const& term, at::Tensor const& h) {
  constexpr double lambda = 0.7;
  auto const leaf = h.clone().set_requires_grad(true);
  auto const loss = lambda * term.value(leaf);
  loss.backward();
  auto const count = static_cast<double>(term.count(h));
  auto const sums = at::ones({h.size(0)}, at::kDouble), dh = at::ones_like(h);
  term.add(h, lambda / count, sums, dh);
  auto const found = lambda / count * (sums - 1).sum().item<double>();
  CHECK(std::abs(found - loss.item<double>()) <= 1e-12 * std::abs(loss.item<double>()));
  CHECK((dh - 1 - leaf.grad()).abs().max().item<double>() <= 1e-13 + 1e-12 * leaf.grad().abs().max().item<double>());
}

/// The same numbers in narrower types.
void check_dtypes(Term const& term, at::Tensor const& h) {
  for (auto const& [dtype, tolerance] : {std::pair{at::kFloat, 2e-6}, {at::kBFloat16, 1e-2}}) {
    auto const narrow = h.to(dtype), exact = narrow.to(at::kDouble);
    auto const sums = at::zeros({h.size(0)}, at::kDouble), expected_sums = at::zeros_like(sums),
               dh = at::zeros_like(narrow), expected = at::zeros_like(exact);
    term.add(narrow, 0.5, sums, dh);
    term.add(exact, 0.5, expected_sums, expected);
    CHECK((sums - expected_sums).abs().max().item<double>() <= 2e-6 * expected_sums.abs().max().item<double>());
    CHECK((dh.to(at::kDouble) - expected).abs().max().item<double>() <=
          tolerance * expected.abs().max().item<double>());
    auto const again = at::zeros_like(narrow), again_sums = at::zeros_like(sums);
    term.add(narrow, 0.5, again_sums, again);
    CHECK(at::equal(again, dh));
    CHECK(at::equal(again_sums, sums));
  }
}

at::Tensor some_negatives(std::int64_t rows) {
  return at::tensor({std::int64_t{0}, rows - 1, std::int64_t{3}, std::int64_t{3}, std::int64_t{3}, rows / 2},
                    at::kLong);
}

}  // namespace

TEST_CASE("slowness in closed form is slowness(), and its gradient autograd's") {
  for (std::int64_t const steps : {2, 3, 9}) {
    INFO(steps << " steps");
    check_against_autograd(slowness(), stream(4, steps, 1));
  }
}

TEST_CASE(
    "the contrastive loss in closed form is contrastive(), and its gradient autograd's, rows drawn thrice included") {
  for (std::int64_t const steps : {2, 3, 9}) {
    INFO(steps << " steps");
    check_against_autograd(contrastive(some_negatives(4 * steps)), stream(4, steps, 3));
  }
  check_dtypes(contrastive(some_negatives(27)), stream(3, 9, 4));
}

TEST_CASE("streams that are nearly nothing have the gradient of a constant length") {
  auto h = stream(2, 5, 5);
  h.narrow(1, 1, 2).mul_(1e-14);
  auto const negatives = some_negatives(10);
  auto const leaf = h.clone().set_requires_grad(true);
  train::contrastive({leaf}, {negatives}, 0.3).backward();
  auto const sums = at::zeros({2}, at::kDouble), dh = at::zeros_like(h);
  contrastive(negatives).add(h, 1. / 8, sums, dh);
  CHECK((dh - leaf.grad()).abs().max().item<double>() <= 1e-12 * leaf.grad().abs().max().item<double>());
  h.zero_();
  dh.zero_();
  contrastive(negatives).add(h, 1, sums, dh);
  CHECK(dh.abs().max().item<double>() == 0);
}

TEST_CASE("parts of a batch add up to its slowness and gradient") {
  auto const h = stream(5, 7, 6);
  auto const sums = at::zeros({5}, at::kDouble), dh = at::zeros_like(h), part_sums = at::zeros_like(sums),
             part_dh = at::zeros_like(h);
  add_slowness(h, 0.25, sums, dh);
  for (auto const& [first, count] : {std::pair{0, 2}, {2, 3}})
    add_slowness(h.narrow(0, first, count), 0.25, part_sums.narrow(0, first, count), part_dh.narrow(0, first, count));
  CHECK(at::equal(sums, part_sums));
  CHECK(at::equal(dh, part_dh));
}

TEST_CASE("a contrastive batch whose scores are worked on in pieces is contrastive(), too") {
  // Past the scores of one piece (auxiliary.cpp): two pieces and a short one.
  auto const h =
      at::randn({5, 400, features}, at::detail::createCPUGenerator(7), at::TensorOptions().dtype(at::kDouble));
  check_against_autograd(contrastive(train::drawn_negatives(1, 9000, 2000, train::Draws(1, 2)).front()), h);
}
