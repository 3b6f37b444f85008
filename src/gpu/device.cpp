#include "gpu/device.hpp"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>

#include "kernels/cuda/launch.hpp"
#include "provenance/run.hpp"

namespace mambasynth::gpu {

Cards cards() {
  int count = 0;
  auto const error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) return {0, cudaGetErrorString(error)};
  if (count == 0) return {0, "the driver reports no device"};
  return {count, ""};
}

void use_card(int number) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(number));
  at::globalContext().lazyInitDevice(at::kCUDA);
}

namespace {

std::string driver_version() {
  if (auto const own = provenance::nvidia_driver(); !own.empty()) return own;
  int driver = 0;
  cudaDriverGetVersion(&driver);
  return "CUDA " + std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10);
}

}  // namespace

CardFacts card_facts() {
  int device = 0, clock = 0, memory_clock = 0;
  kernels::cuda::check(cudaGetDevice(&device), "querying the current GPU");
  cudaDeviceProp properties{};
  kernels::cuda::check(cudaGetDeviceProperties(&properties, device), "querying the GPU's properties");
  cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, device);
  cudaDeviceGetAttribute(&memory_clock, cudaDevAttrMemoryClockRate, device);
  return {.name = properties.name,
          .driver = driver_version(),
          .clocks = std::to_string(clock / 1000) + " / " + std::to_string(memory_clock / 1000),
          .memory_mb = static_cast<double>(properties.totalGlobalMem) / 1e6};
}

void use_exact_products() {
  auto& context = at::globalContext();
  context.setAllowTF32CuBLAS(false);
  context.setAllowBF16ReductionCuBLAS(false);  // no sums in bf16; split-K may stay
}

double held_memory_mb() {
  std::size_t unused = 0, all = 0;
  kernels::cuda::check(cudaMemGetInfo(&unused, &all), "querying the memory of the GPU");
  return static_cast<double>(all - unused) / 1e6;
}

double peak_memory_mb(bool reset) {
  auto const device = c10::cuda::current_device();
  auto const stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device);
  auto const peak = stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
  if (reset) c10::cuda::CUDACachingAllocator::resetPeakStats(device);
  return static_cast<double>(peak) / 1e6;
}

}  // namespace mambasynth::gpu
