#include "gpu/engine.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include "gpu/device.hpp"
#include "gpu/objective.hpp"
#include "gpu/predictor.hpp"
#include "gpu/tensors.hpp"
#include "kernels/cuda/device_array.hpp"
#include "support/small_network.hpp"
#include "train/losses/mean_squared_error.hpp"

using namespace mambasynth;

namespace {

struct Case {
  config::Model config;
  std::int64_t channels, batch, time;
};

config::Model documented(std::int64_t d_state, std::int64_t layers) {
  config::Model config;
  config.d_state = d_state;
  config.n_layers = layers;
  config.max_horizon = 3;
  return config;
}

std::vector<Case> cases() {
  std::vector<Case> all{
      {documented(32, 2), 20, 3, 200}, {documented(16, 1), 20, 2, 65}, {documented(64, 1), 20, 2, 129}};
  config::Model odd;  // no size is a multiple of a tile or vector
  odd.d_model = 24;
  odd.n_layers = 2;
  odd.d_state = 8;
  odd.d_ff = 10;
  odd.max_horizon = 2;
  all.push_back({odd, 5, 3, 37});
  return all;
}

at::Tensor noise(std::vector<std::int64_t> const& shape) {
  return at::randn(shape, at::detail::createCPUGenerator(3), at::TensorOptions().dtype(at::kFloat)) * 5;
}

constexpr double p = 0.25;
constexpr std::uint64_t seed = 7, step = 11;

/// Loss and gradient on the CPU, in double.
std::pair<double, at::Tensor> expected(Case const& c, model::Network const& weights, at::Tensor const& x) {
  model::Network network(c.config, c.channels, at::kDouble);
  {
    at::NoGradGuard const no_grad;
    network.flat().copy_(weights.flat());
  }
  model::DropoutKey const key{.p = p, .seed = seed, .step = step};
  auto const wide = x.to(at::kDouble);
  auto const loss = train::losses::MeanSquaredError().value(network.predict(wide, key), wide, network.horizons());
  loss.backward();
  return {loss.item<double>(), network.flat_gradient()};
}

template <class T>
std::pair<double, at::Tensor> found(model::Network const& network, at::Tensor const& x, std::int64_t capacity) {
  gpu::Engine<T> engine(network, {.batch = capacity, .time = x.size(1), .training = true});
  auto const batch = x.size(0), m = batch * x.size(1), c = x.size(2);
  auto const there = x.to(at::kCUDA);
  engine.x().narrow(0, 0, batch).copy_(there);
  engine.padded().zero_();
  engine.padded().narrow(0, 0, m).narrow(1, 0, c).copy_(there.view({m, c}));
  kernels::NormDropout const draw{.p = p, .key = {seed, step, 0}};
  engine.forward(batch, draw);
  gpu::Objective<T> const objective({}, train::losses::batch_shape(network, batch, x.size(1)), 1, engine.capacity(),
                                    {});
  engine.backward(batch, draw, objective.begin_micro_batch({0, batch}, batch));
  double loss = 0;
  auto const sums = objective.window_sums().cpu();
  for (std::size_t h = 0; h < network.horizons().size(); ++h)
    loss += at::Tensor(sums[static_cast<std::int64_t>(h)]).sum().template item<double>() /
            static_cast<double>(batch * (x.size(1) - network.horizons()[h]) * c *
                                static_cast<std::int64_t>(network.horizons().size()));
  return {loss, engine.gradient().cpu()};
}

}  // namespace

TEST_CASE("Loss and gradients on the GPU equal the CPU's in double, including dropout and every horizon", "[gpu]") {
  tests::require_gpu();
  gpu::use_exact_products();
  for (auto const& c : cases()) {
    model::Network network(c.config, c.channels);
    model::initialize(network, at::detail::createCPUGenerator(1));
    auto const x = noise({c.batch, c.time, c.channels});
    auto const [loss, gradient] = expected(c, network, x);
    auto const [loss32, gradient32] = found<float>(network, x, c.batch + 1);
    auto const [loss16, gradient16] = found<kernels::BFloat16>(network, x, c.batch);
    INFO("d_model " << c.config.d_model << " d_state " << c.config.d_state << " time " << c.time);
    CHECK(std::abs(loss32 - loss) < 1e-5 * loss);
    CHECK(std::abs(loss16 - loss) < 5e-3 * loss);
    auto const total16 = gradient16.to(at::kDouble), total = gradient;
    auto const all = (total16 - total).norm().item<double>() / total.norm().item<double>();
    CHECK(all < 2e-2);
    for (auto const& parameter : network.parameters()) {
      INFO(parameter.name);
      auto const part = [&](at::Tensor const& flat) {
        return flat.narrow(0, parameter.offset, parameter.tensor.numel()).to(at::kDouble);
      };
      auto const difference = (part(gradient32) - part(gradient)).abs().max().item<double>();
      CHECK(difference <= 2e-5 * part(gradient).abs().max().item<double>());
    }
    std::printf("bf16 gradient, relative L2 over all parameters: %.2e (d_model %ld, d_state %ld)\n", all,
                static_cast<long>(c.config.d_model), static_cast<long>(c.config.d_state));
  }
}

TEST_CASE("The GPU's gradients are bit-identical in every run", "[gpu]") {
  tests::require_gpu();
  auto const c = cases().front();
  model::Network network(c.config, c.channels);
  model::initialize(network, at::detail::createCPUGenerator(1));
  auto const x = noise({c.batch, c.time, c.channels});
  CHECK(at::equal(found<kernels::BFloat16>(network, x, c.batch).second,
                  found<kernels::BFloat16>(network, x, c.batch).second));
  CHECK(at::equal(found<float>(network, x, c.batch).second, found<float>(network, x, c.batch).second));
}

TEST_CASE("The GPU's evaluation equals the CPU's", "[gpu]") {
  tests::require_gpu();
  auto const network = tests::small_network(5, 4);
  auto const there = gpu::predictor(network);
  for (auto const time : {std::int64_t{33}, std::int64_t{100}}) {
    auto const x = noise({3, time, 5});
    auto const close = [](at::Tensor const& a, at::Tensor const& b) {
      REQUIRE(a.sizes() == b.sizes());
      CHECK((a - b).abs().max().item<double>() <= 1e-5 * b.abs().max().item<double>());
    };
    auto const ours = there->encode(x), host = network.encode(x);
    for (std::size_t i = 0; i < host.layers.size(); ++i) close(ours.layers[i], host.layers[i]);
    for (std::size_t i = 0; i < host.predictions.size(); ++i) close(ours.predictions[i], host.predictions[i]);
    auto const gates = there->gates(x), host_gates = network.gates(x);
    REQUIRE(gates.size() == host_gates.size());
    for (std::size_t i = 0; i < gates.size(); ++i) {
      close(gates[i].delta, host_gates[i].delta);
      close(gates[i].z_gate, host_gates[i].z_gate);
      close(gates[i].B, host_gates[i].B);
      close(gates[i].C, host_gates[i].C);
      close(gates[i].x_conv, host_gates[i].x_conv);
    }
  }
}
