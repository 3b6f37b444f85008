#include "model/recurrence.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>

#include "errors/errors.hpp"

namespace mambasynth::model {

RecurrentView::RecurrentView(Network const& network) {
  auto const& config = network.config();
  dimensions_ = {.channels = network.channels(),
                 .features = config.d_model,
                 .layers = config.n_layers,
                 .inner = config.d_inner(),
                 .states = config.d_state,
                 .rank = config.dt_rank(),
                 .d_conv = config.d_conv,
                 .hidden = config.d_ff,
                 .heads = static_cast<std::int64_t>(network.horizons().size())};
  if (network.flat().scalar_type() != at::kFloat)
    throw errors::usage("the network cannot run step by step", "its weights are not fp32", "Load them as fp32");
  auto const w =
      network.weights_as([](Parameter const& p) -> float const* { return p.tensor.const_data_ptr<float>(); });
  for (auto const& layer : w.layers) {
    auto const& mixer = layer.mixer;
    layers_.push_back({.norm_weight = layer.norm_weight,
                       .norm_bias = layer.norm_bias,
                       .A_log = mixer.A_log,
                       .D = mixer.D,
                       .in_proj = layer.in_proj,
                       .conv_weight = mixer.conv_weight,
                       .conv_bias = mixer.conv_bias,
                       .x_proj = mixer.x_proj,
                       .dt_weight = mixer.dt_proj_weight,
                       .dt_bias = mixer.dt_proj_bias,
                       .out_proj = layer.out_proj});
  }
  for (auto const& head : w.heads) heads_.push_back({head.weight0, head.bias0, head.weight2, head.bias2});
  weights_ = {.input_weight = w.input_weight,
              .input_bias = w.input_bias,
              .layers = layers_.data(),
              .final_weight = w.final_weight,
              .final_bias = w.final_bias,
              .heads = heads_.data()};
}

Recurrence::Recurrence(Network const& network, std::int64_t count) : count_(count) {
  RecurrentView const view(network);
  dimensions_ = view.dimensions();
  network_ = std::make_shared<kernels::RecurrentNetwork>(dimensions_, view.weights());
  state_.resize(static_cast<std::size_t>(count * network_->state_size()));
}

void Recurrence::absorb(std::span<float const> x) { (void)run(x, nullptr, true, 0); }

std::span<float const> Recurrence::step(std::span<float const> x, std::int64_t heads) {
  return run(x, nullptr, true, heads);
}

std::span<float const> Recurrence::step_perturbed(std::span<float const> x, std::span<float const> noise,
                                                  std::int64_t heads) {
  if (static_cast<std::int64_t>(noise.size()) != count_ * dimensions_.layers * dimensions_.features)
    throw std::invalid_argument("hidden noise must have the shape (sequence, layer, feature)");
  return run(x, noise.data(), false, heads);
}

void Recurrence::reset() { std::fill(state_.begin(), state_.end(), 0.0f); }

Recurrence Recurrence::with_count(std::int64_t count) const {
  auto other = *this;
  other.count_ = count;
  other.state_.assign(static_cast<std::size_t>(count * network_->state_size()), 0.0f);
  return other;
}

std::span<float const> Recurrence::run(std::span<float const> x, float const* noise, bool keep, std::int64_t heads) {
  if (static_cast<std::int64_t>(x.size()) != count_ * dimensions_.channels)
    throw std::invalid_argument("a step must have the shape (sequence, channel)");
  if (heads < 0 || heads > dimensions_.heads) throw std::invalid_argument("more horizons than the network has");
  predictions_.resize(static_cast<std::size_t>(count_ * heads * dimensions_.channels));
  network_->step({.sequences = count_,
                  .state = state_.data(),
                  .keep = keep,
                  .x = x.data(),
                  .noise = noise,
                  .heads = heads,
                  .predictions = predictions_.data()});
  return predictions_;
}

}  // namespace mambasynth::model
