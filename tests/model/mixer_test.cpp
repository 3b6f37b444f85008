#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <catch2/catch_test_macros.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "model/network.hpp"

using namespace mambasynth;

namespace {

/// The block in LibTorch's own operations with a tape through time: slow, but plainly the equations.
at::Tensor by_autograd(at::Tensor const& xz, model::MixerWeights const& w) {
  auto const d = w.A_log.size(0), n = w.A_log.size(1), r = w.dt_proj_weight.size(1), d_conv = w.conv_weight.size(2);
  auto const steps = xz.size(1);
  auto const padded = at::constant_pad_nd(xz.narrow(2, 0, d).transpose(1, 2), {d_conv - 1, 0});
  auto const x = at::silu(at::conv1d(padded, w.conv_weight, w.conv_bias, c10::IntArrayRef{1}, c10::IntArrayRef{0},
                                     c10::IntArrayRef{1}, d))
                     .transpose(1, 2);
  auto const parts = at::split_with_sizes(at::linear(x, w.x_proj), {r, n, n}, 2);
  auto const delta = at::softplus(at::linear(parts[0], w.dt_proj_weight) + w.dt_proj_bias);
  auto const A = -at::exp(w.A_log);
  auto h = at::zeros({xz.size(0), d, n}, xz.options().requires_grad(false));
  std::vector<at::Tensor> y;
  for (std::int64_t t = 0; t < steps; ++t) {
    auto const step = delta.select(1, t).unsqueeze(2);
    h = at::exp(step * A) * h + step * parts[1].select(1, t).unsqueeze(1) * x.select(1, t).unsqueeze(2);
    y.push_back((h * parts[2].select(1, t).unsqueeze(1)).sum(2));
  }
  return (at::stack(y, 1) + w.D * x) * at::silu(xz.narrow(2, d, d));
}

struct Case {
  at::Tensor xz;
  model::MixerWeights weights;
  std::vector<at::Tensor> inputs() const {
    return {xz,
            weights.A_log,
            weights.D,
            weights.conv_weight,
            weights.conv_bias,
            weights.x_proj,
            weights.dt_proj_weight,
            weights.dt_proj_bias};
  }
};

Case random_case(std::int64_t b, std::int64_t t, std::int64_t d, std::int64_t n, std::int64_t r) {
  auto const generator = at::detail::createCPUGenerator(7);
  auto const draw = [&](std::vector<std::int64_t> const& shape, double scale) {
    return (at::randn(shape, generator, at::TensorOptions().dtype(at::kDouble)) * scale).set_requires_grad(true);
  };
  return {draw({b, t, 2 * d}, 1),
          {draw({d, n}, 0.3), draw({d}, 1), draw({d, 1, 4}, 0.5), draw({d}, 0.5), draw({r + 2 * n, d}, 0.3),
           draw({d, r}, 0.3), draw({d}, 0.5)}};
}

}  // namespace

TEST_CASE("the block and every gradient agree with autograd through time, in double") {
  // 70 steps: past one chunk of saved states, and not a multiple of it.
  auto const c = random_case(2, 70, 24, 5, 3);
  auto const ours = model::mixer(c.xz, c.weights);
  auto const theirs = by_autograd(c.xz, c.weights);
  CHECK((ours - theirs).abs().max().item<double>() < 1e-12);

  auto const weight = at::cos(at::arange(ours.numel(), at::kDouble)).view(ours.sizes());
  auto const our_gradients = torch::autograd::grad({(ours * weight).sum()}, c.inputs());
  auto const their_gradients = torch::autograd::grad({(theirs * weight).sum()}, c.inputs());
  for (std::size_t i = 0; i < our_gradients.size(); ++i) {
    INFO("input " << i);
    auto const scale = their_gradients[i].abs().max().item<double>();
    CHECK((our_gradients[i] - their_gradients[i]).abs().max().item<double>() < 1e-11 * scale);
  }
}

TEST_CASE("dropout keeps a fraction 1 - p, scales it, and applies the same mask to gradients") {
  auto const x = at::ones({4, 50, 32}, at::TensorOptions().dtype(at::kFloat)).set_requires_grad(true);
  model::DropoutKey const key{.p = 0.25, .seed = 1, .step = 2, .first_sample = 0};
  auto const y = model::dropout(x, key, 3);
  auto const kept = (y != 0).to(at::kFloat).mean().item<double>();
  CHECK(std::abs(kept - 0.75) < 0.02);
  CHECK(y.max().item<float>() == 1.0f / 0.75f);
  auto const gradient = torch::autograd::grad({y.sum()}, {x}).front();
  CHECK(at::equal(gradient, y.detach()));
  // The second half of the batch alone, as another rank would compute it.
  auto later = key;
  later.first_sample = 2;
  CHECK(at::equal(model::dropout(x.narrow(0, 2, 2), later, 3), y.narrow(0, 2, 2)));
}
