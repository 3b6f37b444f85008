#pragma once

#include <cstdint>

#include "train/losses/loss.hpp"

namespace mambasynth::train::losses {

/// The original's loss: mean over horizons of the mean squared error. Kernel: kernels/horizon_loss.hpp.
class MeanSquaredError final : public PredictionLoss {
 public:
  explicit MeanSquaredError(double weight = 1) : PredictionLoss("mse", weight) {}
  explicit MeanSquaredError(config::Train const&) : MeanSquaredError() {}

  [[nodiscard]] std::int64_t workspace_bytes(BatchShape const& batch) const override;
  void write_gradient(HeadOutput const& head, double factor, at::Tensor const& window_sums) const override;

 private:
  [[nodiscard]] at::Tensor errors(at::Tensor const& difference) const override;
  [[nodiscard]] at::Tensor slopes(at::Tensor const& difference) const override;
};

}  // namespace mambasynth::train::losses
