#include "train/losses/loss.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace mambasynth::train::losses {

double Loss::factor(BatchShape const& batch, std::int64_t row) const {
  return weight_ / (static_cast<double>(batch.windows * elements(batch, row)) * static_cast<double>(groups(batch)));
}

at::Tensor difference(at::Tensor const& prediction, at::Tensor const& x, std::int64_t horizon) {
  auto const steps = x.size(1) - horizon;
  return prediction.narrow(1, 0, steps) - x.narrow(1, horizon, steps);
}

at::Tensor PredictionLoss::value(std::vector<at::Tensor> const& predictions, at::Tensor const& x,
                                 config::Integers const& horizons) const {
  at::Tensor total;
  for (std::size_t i = 0; i < horizons.size(); ++i) {
    auto const loss = at::mean(errors(difference(predictions[i], x, horizons[i])));
    total = i == 0 ? loss : total + loss;
  }
  return total / static_cast<double>(horizons.size());
}

void PredictionLoss::write_gradient(HeadOutput const& head, double factor, at::Tensor const& window_sums) const {
  at::NoGradGuard const no_grad;
  auto const steps = head.x.size(1) - head.horizon, channels = head.x.size(2);
  auto const apart = difference(head.prediction.narrow(2, 0, channels) + head.bias, head.x, head.horizon);
  window_sums.copy_(errors(apart).sum(at::IntArrayRef{1, 2}, /*keepdim=*/false, at::kDouble));
  if (!head.dprediction.defined()) return;
  auto const gradient = slopes(apart) * factor;
  head.dprediction.zero_();
  head.dprediction.narrow(1, 0, steps).narrow(2, 0, channels).copy_(gradient);
  head.dbias.copy_(gradient.sum(at::IntArrayRef{0, 1}));
}

std::vector<double> PredictionLoss::of_windows(at::Tensor const& window_sums, BatchShape const& batch) const {
  auto const sums = window_sums.contiguous();
  auto const windows = sums.size(1);
  auto const* const values = sums.const_data_ptr<double>();
  std::vector<double> losses(static_cast<std::size_t>(windows), 0.0);
  for (std::int64_t b = 0; b < windows; ++b) {
    auto& loss = losses[static_cast<std::size_t>(b)];
    for (std::int64_t row = 0; row < rows(batch); ++row)
      loss += values[row * windows + b] / static_cast<double>(elements(batch, row));
    loss /= static_cast<double>(groups(batch));
  }
  return losses;
}

std::int64_t PredictionLoss::rows(BatchShape const& batch) const { return groups(batch); }

std::int64_t PredictionLoss::groups(BatchShape const& batch) const {
  return static_cast<std::int64_t>(batch.horizons.size());
}

std::int64_t PredictionLoss::elements(BatchShape const& batch, std::int64_t row) const {
  return (batch.time - batch.horizons[static_cast<std::size_t>(row)]) * batch.channels;
}

at::Tensor AuxiliaryLoss::value(std::vector<at::Tensor> const& layers, at::Tensor const& drawn) const {
  at::Tensor total;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    auto const loss = layer_value(layers[i], drawn.defined() ? drawn[static_cast<std::int64_t>(i)] : drawn);
    total = i == 0 ? loss : total + loss;
  }
  return total / static_cast<double>(layers.size());
}

}  // namespace mambasynth::train::losses
