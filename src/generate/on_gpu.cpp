#include <cuda_runtime_api.h>

#include <stdexcept>

#include "errors/errors.hpp"
#include "generate/generate.hpp"
#include "kernels/cuda/launch.hpp"
#include "model/recurrence.hpp"

namespace mambasynth::generate {
namespace {

namespace cuda = kernels::cuda;

/// An array on the GPU.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : bytes_(count * sizeof(T)) {
    if (count > 0)
      cuda::check(cudaMalloc(reinterpret_cast<void**>(&data_), bytes_), "allocating memory for generation");
  }
  /// nullptr stays nullptr.
  DeviceArray(T const* host, std::int64_t count) : DeviceArray(host ? static_cast<std::size_t>(count) : 0) {
    if (data_) cuda::check(cudaMemcpy(data_, host, bytes_, cudaMemcpyHostToDevice), "copying inputs for generation");
  }
  DeviceArray(DeviceArray const&) = delete;
  DeviceArray& operator=(DeviceArray const&) = delete;
  ~DeviceArray() { cudaFree(data_); }
  [[nodiscard]] T* get() const { return data_; }
  void to_host(T* host) const { cuda::check(cudaMemcpy(host, data_, bytes_, cudaMemcpyDeviceToHost), "generation"); }

 private:
  std::size_t bytes_;
  T* data_ = nullptr;
};

std::vector<float> packed(model::RecurrentView const& view) {
  std::vector<float> weights(static_cast<std::size_t>(cuda::recurrent_packed_size(view.dimensions())));
  cuda::pack_recurrent(view.dimensions(), view.weights(), weights.data());
  return weights;
}

class GpuGenerator : public Generator {
 public:
  explicit GpuGenerator(model::RecurrentView const& view) : GpuGenerator(view.dimensions(), packed(view)) {}

  void run(kernels::RecurrentGeneration const& host) override {
    auto const& s = dimensions_;
    auto const series = host.sequences * host.steps * s.channels;
    DeviceArray<float> const seed(host.seed, host.sequences * host.seed_steps * s.channels), noise(host.noise, series),
        hidden_noise(host.burst ? host.hidden_noise : nullptr, host.sequences * host.bursts * s.layers * s.features),
        generated(static_cast<std::size_t>(series));
    DeviceArray<std::int32_t> const burst(host.burst, host.steps);
    DeviceArray<std::byte> const workspace(cuda::recurrent_workspace_bytes(s, host.sequences));
    auto device = host;
    device.seed = seed.get();
    device.noise = noise.get();
    device.burst = burst.get();
    device.hidden_noise = hidden_noise.get();
    device.generated = generated.get();
    try {
      cuda::recurrent_generate(s, weights_.get(), device, workspace.get(), nullptr);
    } catch (std::invalid_argument const& why) {
      throw errors::usage("generation does not fit the GPU", why.what(), "Use --device cpu");
    }
    generated.to_host(host.generated);
  }

 private:
  GpuGenerator(kernels::RecurrentDimensions const& dimensions, std::vector<float> const& weights)
      : dimensions_(dimensions), weights_(weights.data(), static_cast<std::int64_t>(weights.size())) {}
  kernels::RecurrentDimensions dimensions_;
  DeviceArray<float> weights_;
};

}  // namespace

std::unique_ptr<Generator> gpu_generator(model::Network const& network) {
  model::RecurrentView const view(network);
  try {
    return std::make_unique<GpuGenerator>(view);
  } catch (std::invalid_argument const& why) {
    throw errors::usage("generation does not fit the GPU", why.what(), "Use --device cpu");
  }
}

}  // namespace mambasynth::generate
