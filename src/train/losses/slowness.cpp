#include "train/losses/slowness.hpp"

#include <ATen/ATen.h>

#include "kernels/slowness.hpp"
#include "train/losses/cuda_build.hpp"

namespace mambasynth::train::losses {
namespace {

kernels::SlownessShape shape_of(at::Tensor const& h) { return {h.size(0), h.size(1), h.size(2)}; }

template <class T>
kernels::SlownessArrays<T> arrays_of(LayerStream const& layer, at::Tensor const& window_sums) {
  return {static_cast<T const*>(layer.h.const_data_ptr()), static_cast<T*>(layer.dh.mutable_data_ptr()),
          window_sums.mutable_data_ptr<double>()};
}

template <class T>
void launch_slowness(LayerStream const& layer, double factor, at::Tensor const& window_sums) {
  auto const shape = shape_of(layer.h);
  kernels::cuda::slowness<T>(shape, factor, arrays_of<T>(layer, window_sums),
                             static_cast<std::byte*>(layer.workspace.mutable_data_ptr()), layer.stream);
}

}  // namespace

std::int64_t Slowness::workspace_bytes(BatchShape const& batch) const {
  if constexpr (cuda_build)
    return static_cast<std::int64_t>(
        kernels::cuda::slowness_workspace_bytes({batch.windows, batch.time, batch.features}));
  return 0;
}

at::Tensor Slowness::layer_value(at::Tensor const& h, at::Tensor const&) const {
  auto const change = h.narrow(1, 1, h.size(1) - 1) - h.narrow(1, 0, h.size(1) - 1);
  return at::mean(change * change);
}

void Slowness::add_gradient(LayerStream const& layer, double factor, at::Tensor const& window_sums) const {
  if constexpr (cuda_build)
    if (layer.h.is_cuda())
      return layer.h.scalar_type() == at::kBFloat16 ? launch_slowness<kernels::BFloat16>(layer, factor, window_sums)
                                                    : launch_slowness<float>(layer, factor, window_sums);
  if (layer.h.scalar_type() == at::kDouble)
    return kernels::reference::slowness(shape_of(layer.h), factor, arrays_of<double>(layer, window_sums));
  TORCH_CHECK(layer.h.scalar_type() == at::kFloat, "the slowness loss takes fp64 and fp32 on the CPU");
  kernels::reference::slowness(shape_of(layer.h), factor, arrays_of<float>(layer, window_sums));
}

}  // namespace mambasynth::train::losses
