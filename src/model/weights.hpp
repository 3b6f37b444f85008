#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

// The table of the network's weights: name in the state dict, shape, parameter group and role. Everything that has a
// value for each weight is a WeightsOf<...> that Network::weights_as() fills from it: the tensors, the GPU's copies and
// gradients, the pointers of step-by-step generation. To add a weight, add a field and its row.
namespace mambasynth::model {

/// Parameters that share a learning rate (train/learning_rates.hpp).
enum class ParameterGroup : std::uint8_t {
  base,   ///< all others
  gates,  ///< x_proj and dt_proj, which make delta, B and C: train.gate_lr_factor scales their rate
  A,      ///< A_log, which train.freeze_a freezes
};
inline constexpr std::size_t parameter_groups = 3;

/// What reads a weight. On the GPU, matrix products read it in the precision of the activations, kernels in fp32.
enum class Role : std::uint8_t { matmul, kernel };

struct WeightSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  ParameterGroup group = ParameterGroup::base;
  Role role = Role::kernel;
  std::int64_t channel_axis = -1;  ///< of the shape, along which the channels of the series lie; -1: none
};

/// A value for each weight between in_proj and out_proj.
template <class W>
struct MixerOf {
  W A_log, D, conv_weight, conv_bias, x_proj, dt_proj_weight, dt_proj_bias;
};
/// One layer: norm, Mamba block.
template <class W>
struct LayerOf {
  W norm_weight, norm_bias, in_proj, out_proj;
  MixerOf<W> mixer;
};
/// The head of one horizon: Linear, GELU, Linear, numbered as in the original's nn.Sequential.
template <class W>
struct HeadOf {
  W weight0, bias0, weight2, bias2;
};
template <class W>
struct WeightsOf {
  W input_weight, input_bias;
  std::vector<LayerOf<W>> layers;
  W final_weight, final_bias;    ///< of the final norm
  std::vector<HeadOf<W>> heads;  ///< one per horizon
};

inline constexpr std::string_view heads_prefix = "output_heads.";

/// Calls row(WeightSpec, value) for each weight of layer `index`, in the order of the state dict.
template <class Layer, class Row>
void for_each_weight_of_layer(config::Model const& m, std::int64_t index, Layer& w, Row&& row) {
  using enum ParameterGroup;
  using enum Role;
  auto const f = m.d_model, d = m.d_inner(), n = m.d_state, r = m.dt_rank();
  auto const norm = "layers." + std::to_string(index) + ".norm.";
  auto const mamba = "layers." + std::to_string(index) + ".mamba.";
  row({norm + "weight", {f}, base, kernel}, w.norm_weight);
  row({norm + "bias", {f}, base, kernel}, w.norm_bias);
  row({mamba + "A_log", {d, n}, A, kernel}, w.mixer.A_log);
  row({mamba + "D", {d}, base, kernel}, w.mixer.D);
  row({mamba + "in_proj.weight", {2 * d, f}, base, matmul}, w.in_proj);
  row({mamba + "conv1d.weight", {d, 1, m.d_conv}, base, kernel}, w.mixer.conv_weight);
  row({mamba + "conv1d.bias", {d}, base, kernel}, w.mixer.conv_bias);
  row({mamba + "x_proj.weight", {r + 2 * n, d}, gates, matmul}, w.mixer.x_proj);
  row({mamba + "dt_proj.weight", {d, r}, gates, matmul}, w.mixer.dt_proj_weight);
  row({mamba + "dt_proj.bias", {d}, gates, kernel}, w.mixer.dt_proj_bias);
  row({mamba + "out_proj.weight", {f, d}, base, matmul}, w.out_proj);
}

/// The same for the head of `horizon`.
template <class Head, class Row>
void for_each_weight_of_head(config::Model const& m, std::int64_t channels, std::int64_t horizon, Head& w, Row&& row) {
  using enum ParameterGroup;
  using enum Role;
  auto const head = std::string(heads_prefix) + std::to_string(horizon) + ".";
  row({head + "0.weight", {m.d_ff, m.d_model}, base, matmul}, w.weight0);
  row({head + "0.bias", {m.d_ff}, base, kernel}, w.bias0);
  row({head + "2.weight", {channels, m.d_ff}, base, matmul, 0}, w.weight2);
  row({head + "2.bias", {channels}, base, kernel, 0}, w.bias2);
}

/// The same for the whole network. `w` gets as many layers and heads as the model has.
template <class W, class Row>
void for_each_weight(config::Model const& m, std::int64_t channels, WeightsOf<W>& w, Row&& row) {
  using enum ParameterGroup;
  using enum Role;
  auto const horizons = m.horizons();
  w.layers.resize(static_cast<std::size_t>(m.n_layers));
  w.heads.resize(horizons.size());
  row({"input_proj.weight", {m.d_model, channels}, base, matmul, 1}, w.input_weight);
  row({"input_proj.bias", {m.d_model}, base, kernel}, w.input_bias);
  for (std::size_t i = 0; i < w.layers.size(); ++i)
    for_each_weight_of_layer(m, static_cast<std::int64_t>(i), w.layers[i], row);
  row({"final_norm.weight", {m.d_model}, base, kernel}, w.final_weight);
  row({"final_norm.bias", {m.d_model}, base, kernel}, w.final_bias);
  for (std::size_t i = 0; i < w.heads.size(); ++i) for_each_weight_of_head(m, channels, horizons[i], w.heads[i], row);
}

}  // namespace mambasynth::model
