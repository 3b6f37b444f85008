#include "kernels/cuda/windows.hpp"

#include "kernels/cuda/device_array.hpp"
#include "kernels/numbers.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

TEST_CASE("Windows of the step's batch are gathered and zero-padded", "[gpu]") {
  require_gpu();
  constexpr std::int64_t steps = 50, channels = 5, time = 7, batch = 3, width = 8, batch_size = 3;
  auto const series = Uniform(3).operator()<float>(steps * channels, -1, 1);
  std::vector<std::int64_t> const starts{40, 1, 2, 3, 43, 20};
  DeviceArray<float> const on_device(series);
  DeviceArray<std::int64_t> const starts_on_device(starts);
  DeviceArray<kernels::cuda::StepState> const state(std::vector<kernels::cuda::StepState>{{9, 1, {}, 0}});
  DeviceArray<float> x(batch * time * channels);
  DeviceArray<kernels::BFloat16> padded(batch * time * width);
  kernels::cuda::gather_windows<kernels::BFloat16>({batch, time, channels, width}, on_device.get(),
                                                   starts_on_device.get(), batch_size, state.get(), x.get(),
                                                   padded.get(), nullptr);
  auto const found = x.values();
  auto const found_padded = padded.values();
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t t = 0; t < time; ++t)
      for (std::int64_t c = 0; c < width; ++c) {
        auto const row = static_cast<std::size_t>(b * time + t);
        float const expected = c < channels
                                   ? series[static_cast<std::size_t>(
                                         (starts[static_cast<std::size_t>(batch_size + b)] + t) * channels + c)]
                                   : 0;
        if (c < channels) CHECK(found[row * channels + static_cast<std::size_t>(c)] == expected);
        CHECK(found_padded[row * width + static_cast<std::size_t>(c)] == value_of(to_bf16(expected)));
      }
}
