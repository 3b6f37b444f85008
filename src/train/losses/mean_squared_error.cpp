#include "train/losses/mean_squared_error.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>

#include "kernels/horizon_loss.hpp"
#include "train/losses/cuda_build.hpp"

namespace mambasynth::train::losses {
namespace {

template <class T>
void launch_horizon_loss(HeadOutput const& head, double factor, at::Tensor const& window_sums) {
  auto const& x = head.x;
  kernels::LossShape const shape{x.size(0), x.size(1), x.size(2), head.prediction.size(2), head.horizon};
  bool const with_gradient = head.dprediction.defined();
  kernels::cuda::horizon_loss<T>(
      shape, with_gradient ? 2 * factor : 0,
      {.prediction = head.prediction.const_data_ptr<float>(),
       .bias = head.bias.const_data_ptr<float>(),
       .x = x.const_data_ptr<float>(),
       .window_sum = window_sums.mutable_data_ptr<double>(),
       .dprediction = with_gradient ? static_cast<T*>(head.dprediction.mutable_data_ptr()) : nullptr,
       .dbias = with_gradient ? head.dbias.mutable_data_ptr<float>() : nullptr},
      static_cast<std::byte*>(head.workspace.mutable_data_ptr()), head.stream);
}

}  // namespace

at::Tensor MeanSquaredError::errors(at::Tensor const& difference) const { return difference * difference; }

at::Tensor MeanSquaredError::slopes(at::Tensor const& difference) const { return difference * 2; }

std::int64_t MeanSquaredError::workspace_bytes(BatchShape const& batch) const {
  std::size_t most = 0;
  if constexpr (cuda_build)
    for (auto const horizon : batch.horizons)
      most = std::max(most, kernels::cuda::horizon_loss_workspace_bytes(
                                {batch.windows, batch.time, batch.channels, batch.channels, horizon}));
  return static_cast<std::int64_t>(most);
}

void MeanSquaredError::write_gradient(HeadOutput const& head, double factor, at::Tensor const& window_sums) const {
  if constexpr (cuda_build)
    if (head.prediction.is_cuda()) {
      bool const in_bf16 = head.dprediction.defined() && head.dprediction.scalar_type() == at::kBFloat16;
      return in_bf16 ? launch_horizon_loss<kernels::BFloat16>(head, factor, window_sums)
                     : launch_horizon_loss<float>(head, factor, window_sums);
    }
  PredictionLoss::write_gradient(head, factor, window_sums);
}

}  // namespace mambasynth::train::losses
