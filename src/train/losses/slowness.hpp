#pragma once

#include <cstdint>

#include "train/losses/loss.hpp"

namespace mambasynth::train::losses {

/// Mean over the layers of the mean of (h_t - h_(t-1))^2 over all elements. Kernel: kernels/slowness.hpp.
class Slowness final : public AuxiliaryLoss {
 public:
  explicit Slowness(double weight) : AuxiliaryLoss("slowness", weight) {}
  Slowness(double weight, config::Train const&) : Slowness(weight) {}

  [[nodiscard]] std::int64_t workspace_bytes(BatchShape const& batch) const override;
  void add_gradient(LayerStream const& layer, double factor, at::Tensor const& window_sums) const override;

 private:
  [[nodiscard]] at::Tensor layer_value(at::Tensor const& h, at::Tensor const& drawn) const override;
  [[nodiscard]] std::int64_t elements(BatchShape const& batch, std::int64_t) const override {
    return (batch.time - 1) * batch.features;
  }
};

}  // namespace mambasynth::train::losses
