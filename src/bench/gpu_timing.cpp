#include "bench/gpu_timing.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>

#include "gpu/current_stream.hpp"
#include "gpu/device.hpp"

namespace mambasynth::bench {

void measure_on_gpu(Result& result, Effort const& effort, std::function<void()> const& run) {
  constexpr int warm_ups = 3;
  for (int i = 0; i < warm_ups; ++i) run();
  c10::cuda::device_synchronize();
  std::vector<double> seconds;
  auto const start = std::chrono::steady_clock::now();
  auto const spent = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  while (effort.go_on(static_cast<std::int64_t>(seconds.size()) < effort.least_runs || spent() < effort.seconds)) {
    constexpr std::size_t queued = 10;
    std::vector<at::cuda::CUDAEvent> marks;
    for (std::size_t i = 0; i <= queued; ++i) marks.emplace_back(cudaEventDefault);
    marks[0].record();
    for (std::size_t i = 0; i < queued; ++i) {
      run();
      marks[i + 1].record();
    }
    marks.back().synchronize();
    for (std::size_t i = 0; i < queued; ++i)
      seconds.push_back(static_cast<double>(marks[i].elapsed_time(marks[i + 1])) / 1e3);
  }
  std::sort(seconds.begin(), seconds.end());
  result.runs = static_cast<std::int64_t>(seconds.size());
  result.median = seconds[seconds.size() / 2];
  result.least = seconds.front();
  result.most = seconds.back();
  result.held_memory_mb = gpu::held_memory_mb();
  result.peak_memory_mb = gpu::peak_memory_mb(/*reset=*/true);
}

Limits measure_ceilings() {
  at::NoGradGuard const no_grad;
  Effort const short_effort{.seconds = 0.3, .least_runs = 20};
  Limits ceilings;
  {
    constexpr std::int64_t bytes = std::int64_t{1} << 30;
    auto const from = at::ones({bytes / 4}, at::TensorOptions().device(at::kCUDA).dtype(at::kFloat));
    auto const to = at::empty_like(from);
    Result copy;
    measure_on_gpu(copy, short_effort, [&] {
      cudaMemcpyAsync(to.data_ptr(), from.data_ptr(), bytes, cudaMemcpyDeviceToDevice, gpu::current_stream());
    });
    ceilings.copy = 2.0 * static_cast<double>(bytes) / copy.median;
  }
  constexpr std::int64_t n = 8192;
  auto const options = at::TensorOptions().device(at::kCUDA).dtype(at::kBFloat16);
  auto const a = at::randn({n, n}, options), b = at::randn({n, n}, options);
  auto out = at::empty({n, n}, options);
  Result product;
  measure_on_gpu(product, short_effort, [&] { at::mm_out(out, a, b); });
  ceilings.arithmetic = 2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n) / product.median;
  return ceilings;
}

}  // namespace mambasynth::bench
