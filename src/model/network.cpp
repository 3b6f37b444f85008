#include "model/network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "errors/errors.hpp"

namespace mambasynth::model {
namespace {

constexpr double norm_epsilon = 1e-5;

struct Declared {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// Names and shapes in the order of the original's state dict.
std::vector<Declared> declare(config::Model const& m, std::int64_t channels, config::Integers const& horizons) {
  auto const d = m.d_inner();
  auto const n = m.d_state;
  auto const r = m.dt_rank();
  std::vector<Declared> all{{"input_proj.weight", {m.d_model, channels}}, {"input_proj.bias", {m.d_model}}};
  for (std::int64_t i = 0; i < m.n_layers; ++i) {
    auto const layer = "layers." + std::to_string(i) + ".";
    auto const mamba = layer + "mamba.";
    all.push_back({layer + "norm.weight", {m.d_model}});
    all.push_back({layer + "norm.bias", {m.d_model}});
    all.push_back({mamba + "A_log", {d, n}});
    all.push_back({mamba + "D", {d}});
    all.push_back({mamba + "in_proj.weight", {2 * d, m.d_model}});
    all.push_back({mamba + "conv1d.weight", {d, 1, m.d_conv}});
    all.push_back({mamba + "conv1d.bias", {d}});
    all.push_back({mamba + "x_proj.weight", {r + 2 * n, d}});
    all.push_back({mamba + "dt_proj.weight", {d, r}});
    all.push_back({mamba + "dt_proj.bias", {d}});
    all.push_back({mamba + "out_proj.weight", {m.d_model, d}});
  }
  all.push_back({"final_norm.weight", {m.d_model}});
  all.push_back({"final_norm.bias", {m.d_model}});
  for (auto const k : horizons) {
    auto const head = "output_heads." + std::to_string(k) + ".";
    all.push_back({head + "0.weight", {m.d_ff, m.d_model}});
    all.push_back({head + "0.bias", {m.d_ff}});
    all.push_back({head + "2.weight", {channels, m.d_ff}});
    all.push_back({head + "2.bias", {channels}});
  }
  return all;
}

}  // namespace

Network::Network(config::Model const& config, std::int64_t channels, at::ScalarType dtype)
    : config_(config), channels_(channels), horizons_(config.horizons()) {
  auto const declared = declare(config_, channels_, horizons_);
  std::int64_t total = 0;
  for (auto const& entry : declared) total += c10::multiply_integers(entry.shape);
  auto const options = at::TensorOptions().dtype(dtype);
  flat_ = at::zeros({total}, options);
  flat_gradient_ = at::zeros({total}, options);
  std::int64_t offset = 0;
  for (auto const& entry : declared) {
    auto const count = c10::multiply_integers(entry.shape);
    auto tensor = flat_.narrow(0, offset, count).view(entry.shape).detach();
    tensor.set_requires_grad(true);
    tensor.mutable_grad() = flat_gradient_.narrow(0, offset, count).view(entry.shape);
    bool const gate = entry.name.find(".mamba.x_proj.") != std::string::npos ||
                      entry.name.find(".mamba.dt_proj.") != std::string::npos;
    parameters_.push_back({entry.name, tensor, offset, gate, entry.name.ends_with(".mamba.A_log")});
    offset += count;
  }

  auto const get = [&](std::string const& name) { return parameter(name).tensor; };
  ends_ = {get("input_proj.weight"), get("input_proj.bias"), get("final_norm.weight"), get("final_norm.bias")};
  for (std::int64_t i = 0; i < config_.n_layers; ++i) {
    auto const layer = "layers." + std::to_string(i) + ".";
    auto const mamba = layer + "mamba.";
    layers_.push_back({.norm_weight = get(layer + "norm.weight"),
                       .norm_bias = get(layer + "norm.bias"),
                       .in_proj = get(mamba + "in_proj.weight"),
                       .out_proj = get(mamba + "out_proj.weight"),
                       .mixer = {.A_log = get(mamba + "A_log"),
                                 .D = get(mamba + "D"),
                                 .conv_weight = get(mamba + "conv1d.weight"),
                                 .conv_bias = get(mamba + "conv1d.bias"),
                                 .x_proj = get(mamba + "x_proj.weight"),
                                 .dt_proj_weight = get(mamba + "dt_proj.weight"),
                                 .dt_proj_bias = get(mamba + "dt_proj.bias")}});
  }
  for (auto const k : horizons_) {
    auto const head = "output_heads." + std::to_string(k) + ".";
    heads_.push_back({get(head + "0.weight"), get(head + "0.bias"), get(head + "2.weight"), get(head + "2.bias")});
  }
}

Parameter const& Network::parameter(std::string const& name) const {
  for (auto const& parameter : parameters_)
    if (parameter.name == name) return parameter;
  throw std::out_of_range("no parameter is called " + name);
}

void Network::zero_gradient() { flat_gradient_.zero_(); }

at::Tensor Network::enter(at::Tensor const& x, DropoutDraw const* draw) const {
  auto const h = at::linear(x, ends_.input_weight, ends_.input_bias);
  return draw ? dropout(h, *draw, 0) : h;
}

at::Tensor Network::in_projection(Layer const& layer, at::Tensor const& h) const {
  auto const u = at::layer_norm(h, {config_.d_model}, layer.norm_weight, layer.norm_bias, norm_epsilon);
  return at::linear(u, layer.in_proj);
}

at::Tensor Network::advance(std::size_t index, at::Tensor const& h, DropoutDraw const* draw) const {
  auto const& layer = layers_[index];
  auto const out = at::linear(mixer(in_projection(layer, h), layer.mixer), layer.out_proj);
  return h + (draw ? dropout(out, *draw, static_cast<std::uint32_t>(index + 1)) : out);
}

std::vector<at::Tensor> Network::predictions(at::Tensor const& h) const {
  auto const normed = at::layer_norm(h, {config_.d_model}, ends_.final_weight, ends_.final_bias, norm_epsilon);
  std::vector<at::Tensor> all;
  for (auto const& head : heads_)
    all.push_back(at::linear(at::gelu(at::linear(normed, head.weight0, head.bias0)), head.weight2, head.bias2));
  return all;
}

std::vector<at::Tensor> Network::run(at::Tensor const& x, DropoutDraw const* draw,
                                     std::vector<at::Tensor>* layers) const {
  auto h = enter(x, draw);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    h = advance(i, h, draw);
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

Network::Encoding Network::encode(at::Tensor const& x, DropoutDraw const& draw) const {
  Encoding encoding;
  encoding.predictions = run(x, &draw, &encoding.layers);
  return encoding;
}

std::vector<GateSignals> Network::gates(at::Tensor const& x) const {
  at::NoGradGuard const no_grad;
  std::vector<GateSignals> all;
  auto h = enter(x, nullptr);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    all.push_back(gate_signals(in_projection(layers_[i], h), layers_[i].mixer));
    h = advance(i, h, nullptr);
  }
  return all;
}

at::Tensor prediction_loss(std::vector<at::Tensor> const& predictions, at::Tensor const& x,
                           config::Integers const& horizons) {
  at::Tensor total;
  auto const steps = x.size(1);
  for (std::size_t i = 0; i < horizons.size(); ++i) {
    auto const k = horizons[i];
    auto const error = predictions[i].narrow(1, 0, steps - k) - x.narrow(1, k, steps - k);
    auto const loss = at::mean(error * error);
    total = i == 0 ? loss : total + loss;
  }
  return total / static_cast<double>(horizons.size());
}

}  // namespace mambasynth::model
