#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "model/predictor.hpp"
#include "model/weights.hpp"

// axes: b batch, t time step, c channel of the series, f feature (d_model)
namespace mambasynth::model {

/// A weight and its place in Network::flat().
struct Parameter {
  std::string name;     ///< in the state dict of the original
  at::Tensor tensor;    ///< a view of flat()
  std::int64_t offset;  ///< of its first element in flat()
  ParameterGroup group;
  Role role;
  std::int64_t channel_axis;  ///< as in WeightSpec

  /// This parameter's part of an array that is laid out like flat(), in the parameter's shape.
  [[nodiscard]] at::Tensor view_of(at::Tensor const& flat) const;
};

/// The causal Mamba model that predicts x[t + k] from x[.. t]:
/// h = dropout(input_proj(x)); per layer h += dropout(mamba(norm(h))); h = final_norm(h); one head per horizon k,
/// Linear-GELU-Linear. LayerNorm eps 1e-5; no positional encoding; every window starts from zero state.
class Network : public Predictor {
 public:
  /// All parameters are zero; fill them with initialize() or load_state(). dtype: at::kFloat, or at::kDouble for tests.
  Network(config::Model const& config, std::int64_t channels, at::ScalarType dtype = at::kFloat);

  [[nodiscard]] config::Model const& config() const override { return config_; }
  [[nodiscard]] std::int64_t channels() const override { return channels_; }
  [[nodiscard]] config::Integers const& horizons() const override { return horizons_; }
  /// In state-dict order.
  [[nodiscard]] std::vector<Parameter> const& parameters() const { return parameters_; }
  [[nodiscard]] Parameter const& parameter(std::string const& name) const;
  /// make(Parameter) for each weight, called in state-dict order.
  template <class Make>
  [[nodiscard]] auto weights_as(Make&& make) const {
    WeightsOf<decltype(make(parameters_.front()))> weights;
    auto next = parameters_.begin();
    for_each_weight(config_, channels_, weights, [&](WeightSpec const&, auto& weight) { weight = make(*next++); });
    return weights;
  }
  /// Every parameter in one array, and its gradient.
  [[nodiscard]] at::Tensor const& flat() const { return flat_; }
  [[nodiscard]] at::Tensor const& flat_gradient() const { return flat_gradient_; }
  void zero_gradient();

  /// Evaluation mode, in the graph if gradients are enabled.
  [[nodiscard]] std::vector<at::Tensor> predict(at::Tensor const& x) const override { return run(x, nullptr); }
  /// Training: with dropout.
  [[nodiscard]] std::vector<at::Tensor> predict(at::Tensor const& x, DropoutKey const& key) const {
    return run(x, &key);
  }
  using Encoding = model::Encoding;
  /// No gradient.
  [[nodiscard]] Encoding encode(at::Tensor const& x) const override;
  /// Training: with dropout, in the graph.
  [[nodiscard]] Encoding encode(at::Tensor const& x, DropoutKey const& key) const;
  [[nodiscard]] std::vector<GateSignals> gates(at::Tensor const& x) const override;

  using Layer = LayerOf<at::Tensor>;
  /// The parameters' tensors.
  [[nodiscard]] WeightsOf<at::Tensor> const& weights() const { return weights_; }
  [[nodiscard]] std::vector<Layer> const& layers() const { return weights_.layers; }

 private:
  /// `layers`: receives the residual stream after each layer, unless nullptr.
  [[nodiscard]] std::vector<at::Tensor> run(at::Tensor const& x, DropoutKey const* key,
                                            std::vector<at::Tensor>* layers = nullptr) const;
  [[nodiscard]] at::Tensor embed(at::Tensor const& x, DropoutKey const* key) const;
  [[nodiscard]] at::Tensor in_projection(Layer const& layer, at::Tensor const& h) const;
  [[nodiscard]] at::Tensor residual_block(std::size_t layer, at::Tensor const& h, DropoutKey const* key) const;
  [[nodiscard]] std::vector<at::Tensor> predictions(at::Tensor const& h) const;

  config::Model config_;
  std::int64_t channels_;
  config::Integers horizons_;
  at::Tensor flat_, flat_gradient_;
  std::vector<Parameter> parameters_;
  WeightsOf<at::Tensor> weights_;
};

/// Initial values, drawn from `generator` in the original's order, bit for bit.
void initialize(Network& network, at::Generator generator);
/// The network from which training with this seed starts.
Network untrained_network(config::Model const& config, std::int64_t channels, std::int64_t seed);

}  // namespace mambasynth::model
