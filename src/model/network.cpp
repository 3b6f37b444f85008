#include "model/network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "errors/errors.hpp"

namespace mambasynth::model {
namespace {

constexpr double norm_epsilon = 1e-5;

}  // namespace

Network::Network(config::Model const& config, std::int64_t channels, at::ScalarType dtype)
    : config_(config), channels_(channels), horizons_(config.horizons()) {
  std::vector<WeightSpec> specs;
  for_each_weight(config_, channels_, weights_,
                  [&](WeightSpec spec, at::Tensor&) { specs.push_back(std::move(spec)); });
  std::int64_t total = 0;
  for (auto const& spec : specs) total += c10::multiply_integers(spec.shape);
  auto const options = at::TensorOptions().dtype(dtype);
  flat_ = at::zeros({total}, options);
  flat_gradient_ = at::zeros({total}, options);
  std::int64_t offset = 0;
  for (auto const& spec : specs) {
    auto const count = c10::multiply_integers(spec.shape);
    auto tensor = flat_.narrow(0, offset, count).view(spec.shape).detach();
    tensor.set_requires_grad(true);
    tensor.mutable_grad() = flat_gradient_.narrow(0, offset, count).view(spec.shape);
    parameters_.push_back({spec.name, tensor, offset, spec.group, spec.role, spec.channel_axis});
    offset += count;
  }
  weights_ = weights_as([](Parameter const& parameter) { return parameter.tensor; });
}

at::Tensor Parameter::view_of(at::Tensor const& flat) const {
  return flat.narrow(0, offset, tensor.numel()).view(tensor.sizes());
}

Parameter const& Network::parameter(std::string const& name) const {
  for (auto const& parameter : parameters_)
    if (parameter.name == name) return parameter;
  throw std::out_of_range("no parameter is named " + name);
}

void Network::zero_gradient() { flat_gradient_.zero_(); }

at::Tensor Network::embed(at::Tensor const& x, DropoutKey const* key) const {
  auto const h = at::linear(x, weights_.input_weight, weights_.input_bias);
  return key ? dropout(h, *key, 0) : h;
}

at::Tensor Network::in_projection(Layer const& layer, at::Tensor const& h) const {
  auto const u = at::layer_norm(h, {config_.d_model}, layer.norm_weight, layer.norm_bias, norm_epsilon);
  return at::linear(u, layer.in_proj);
}

at::Tensor Network::residual_block(std::size_t index, at::Tensor const& h, DropoutKey const* key) const {
  auto const& layer = weights_.layers[index];
  auto const out = at::linear(mixer(in_projection(layer, h), layer.mixer), layer.out_proj);
  return h + (key ? dropout(out, *key, static_cast<std::uint32_t>(index + 1)) : out);
}

std::vector<at::Tensor> Network::predictions(at::Tensor const& h) const {
  auto const normed = at::layer_norm(h, {config_.d_model}, weights_.final_weight, weights_.final_bias, norm_epsilon);
  std::vector<at::Tensor> all;
  for (auto const& head : weights_.heads)
    all.push_back(at::linear(at::gelu(at::linear(normed, head.weight0, head.bias0)), head.weight2, head.bias2));
  return all;
}

std::vector<at::Tensor> Network::run(at::Tensor const& x, DropoutKey const* key,
                                     std::vector<at::Tensor>* layers) const {
  auto h = embed(x, key);
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    h = residual_block(i, h, key);
    if (layers) layers->push_back(h);
  }
  return predictions(h);
}

Network::Encoding Network::encode(at::Tensor const& x) const {
  at::NoGradGuard const no_grad;
  Encoding encoding;
  encoding.predictions = run(x, nullptr, &encoding.layers);
  return encoding;
}

Network::Encoding Network::encode(at::Tensor const& x, DropoutKey const& key) const {
  Encoding encoding;
  encoding.predictions = run(x, &key, &encoding.layers);
  return encoding;
}

std::vector<GateSignals> Network::gates(at::Tensor const& x) const {
  at::NoGradGuard const no_grad;
  std::vector<GateSignals> all;
  auto h = embed(x, nullptr);
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    all.push_back(gate_signals(in_projection(weights_.layers[i], h), weights_.layers[i].mixer));
    h = residual_block(i, h, nullptr);
  }
  return all;
}

}  // namespace mambasynth::model
