#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "model/network.hpp"

namespace mambasynth::model {
namespace {

/// U(-bound, bound) with torch's default Linear and Conv bounds: kaiming_uniform_(a = sqrt 5) for weights, which is
/// 1/sqrt(fan_in) up to rounding, and 1/sqrt(fan_in) for biases.
class Draws {
 public:
  Draws(Network& network, at::Generator generator) : network_(network), generator_(std::move(generator)) {}

  void weight(std::string const& name) {
    auto tensor = get(name);
    auto const fan_in = static_cast<double>(tensor.numel() / tensor.size(0));
    auto const gain = std::sqrt(2.0 / (1.0 + 5.0));
    auto const bound = std::sqrt(3.0) * (gain / std::sqrt(fan_in));
    tensor.uniform_(-bound, bound, generator_);
  }
  void bias(std::string const& name, std::string const& weight_name) {
    auto const weight = get(weight_name);
    auto const bound = 1.0 / std::sqrt(static_cast<double>(weight.numel() / weight.size(0)));
    get(name).uniform_(-bound, bound, generator_);
  }
  void linear(std::string const& prefix) {
    weight(prefix + ".weight");
    bias(prefix + ".bias", prefix + ".weight");
  }
  /// The step sizes of Gu & Dao 2023, section 3.6: softplus(bias) is log-uniform in [dt_min, dt_max].
  void dt_projection(std::string const& prefix, std::int64_t dt_rank) {
    constexpr double dt_min = 0.001, dt_max = 0.1, dt_floor = 1e-4;
    auto weight_tensor = get(prefix + ".weight");
    auto bias_tensor = get(prefix + ".bias");
    linear(prefix);  // torch draws both before the block redraws them
    auto const bound = std::pow(static_cast<double>(dt_rank), -0.5);
    weight_tensor.uniform_(-bound, bound, generator_);
    auto const r = at::rand(bias_tensor.sizes(), generator_, bias_tensor.options().requires_grad(false));
    auto const dt = at::exp(r * (std::log(dt_max) - std::log(dt_min)) + std::log(dt_min)).clamp_(dt_floor);
    bias_tensor.copy_(dt + at::log(-at::expm1(-dt)));
  }
  at::Tensor get(std::string const& name) { return network_.parameter(name).tensor; }

 private:
  Network& network_;
  at::Generator generator_;
};

}  // namespace

void initialise(Network& network, at::Generator generator) {
  at::NoGradGuard const no_grad;
  auto const& config = network.config();
  Draws draws(network, std::move(generator));
  draws.linear("input_proj");
  for (std::int64_t i = 0; i < config.n_layers; ++i) {
    auto const layer = "layers." + std::to_string(i) + ".";
    auto const mamba = layer + "mamba.";
    draws.weight(mamba + "in_proj.weight");
    draws.weight(mamba + "conv1d.weight");
    draws.bias(mamba + "conv1d.bias", mamba + "conv1d.weight");
    draws.weight(mamba + "x_proj.weight");
    draws.dt_projection(mamba + "dt_proj", config.dt_rank());
    draws.weight(mamba + "out_proj.weight");
    draws.get(layer + "norm.weight").fill_(1);
    auto A_log = draws.get(mamba + "A_log");
    A_log.copy_(at::arange(1, config.d_state + 1, A_log.options().requires_grad(false)).log().expand_as(A_log));
    draws.get(mamba + "D").fill_(1);
  }
  draws.get("final_norm.weight").fill_(1);
  for (auto const k : network.horizons()) {
    draws.linear("output_heads." + std::to_string(k) + ".0");
    draws.linear("output_heads." + std::to_string(k) + ".2");
  }
}

Network untrained_network(config::Model const& config, std::int64_t channels, std::int64_t seed) {
  Network network(config, channels);
  initialise(network, at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed)));
  return network;
}

}  // namespace mambasynth::model
