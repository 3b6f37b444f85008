#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "model/network.hpp"

namespace mambasynth::model {
namespace {

// U(-bound, bound) with the bounds of torch.nn.Linear and Conv1d: kaiming_uniform_(a = sqrt 5) for weights, which is
// 1 / sqrt(fan_in) up to rounding, and 1 / sqrt(fan_in) for biases.
double fan_in(at::Tensor const& weight) { return static_cast<double>(weight.numel() / weight.size(0)); }

void draw_weight(at::Tensor const& weight, at::Generator const& generator) {
  auto const gain = std::sqrt(2.0 / (1.0 + 5.0));
  auto const bound = std::sqrt(3.0) * (gain / std::sqrt(fan_in(weight)));
  weight.uniform_(-bound, bound, generator);
}

void draw_bias(at::Tensor const& bias, at::Tensor const& weight, at::Generator const& generator) {
  auto const bound = 1.0 / std::sqrt(fan_in(weight));
  bias.uniform_(-bound, bound, generator);
}

void draw_linear(at::Tensor const& weight, at::Tensor const& bias, at::Generator const& generator) {
  draw_weight(weight, generator);
  draw_bias(bias, weight, generator);
}

/// The step sizes of Gu & Dao 2023, section 3.6: softplus(bias) is log-uniform in [dt_min, dt_max].
void draw_dt_proj(at::Tensor const& weight, at::Tensor const& bias, at::Generator const& generator) {
  constexpr double dt_min = 0.001, dt_max = 0.1, dt_floor = 1e-4;
  draw_linear(weight, bias, generator);  // torch.nn.Linear draws both before the block redraws them
  auto const bound = std::pow(static_cast<double>(weight.size(1)), -0.5);
  weight.uniform_(-bound, bound, generator);
  auto const r = at::rand(bias.sizes(), generator, bias.options().requires_grad(false));
  auto const dt = at::exp(r * (std::log(dt_max) - std::log(dt_min)) + std::log(dt_min)).clamp_(dt_floor);
  bias.copy_(dt + at::log(-at::expm1(-dt)));
}

/// Norm biases are zero already.
void initialize_layer(LayerOf<at::Tensor> const& w, at::Generator const& generator) {
  auto const& mixer = w.mixer;
  draw_weight(w.in_proj, generator);
  draw_linear(mixer.conv_weight, mixer.conv_bias, generator);
  draw_weight(mixer.x_proj, generator);
  draw_dt_proj(mixer.dt_proj_weight, mixer.dt_proj_bias, generator);
  draw_weight(w.out_proj, generator);
  w.norm_weight.fill_(1);
  auto const& A_log = mixer.A_log;
  A_log.copy_(at::arange(1, A_log.size(1) + 1, A_log.options().requires_grad(false)).log().expand_as(A_log));
  mixer.D.fill_(1);
}

}  // namespace

void initialize(Network& network, at::Generator generator) {
  at::NoGradGuard const no_grad;
  auto const& w = network.weights();
  draw_linear(w.input_weight, w.input_bias, generator);
  for (auto const& layer : w.layers) initialize_layer(layer, generator);
  w.final_weight.fill_(1);
  for (auto const& head : w.heads) {
    draw_linear(head.weight0, head.bias0, generator);
    draw_linear(head.weight2, head.bias2, generator);
  }
}

Network untrained_network(config::Model const& config, std::int64_t channels, std::int64_t seed) {
  Network network(config, channels);
  initialize(network, at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed)));
  return network;
}

}  // namespace mambasynth::model
