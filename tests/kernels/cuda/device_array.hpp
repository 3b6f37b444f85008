#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/bfloat16.hpp"

namespace mambasynth::tests {

/// First line of a GPU test: skips it if there is no GPU.
inline void require_gpu() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) SKIP("skipped: no CUDA device");
}

inline float value_of(float v) { return v; }
inline float value_of(kernels::BFloat16 v) {
  auto const bits = static_cast<std::uint32_t>(v.bits) << 16;
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}
/// Rounds to nearest, ties to even.
inline kernels::BFloat16 to_bf16(float f) {
  std::uint32_t bits;
  std::memcpy(&bits, &f, sizeof f);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return {0x7fff};
  return {static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16)};
}
template <class T, class From>
T element_from(From v) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) return to_bf16(static_cast<float>(v));
  else return static_cast<T>(v);
}

/// An array on the GPU, filled with NaN bytes until something is written.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    REQUIRE(cudaMalloc(reinterpret_cast<void**>(&data_), std::max<std::size_t>(1, count) * sizeof(T)) == cudaSuccess);
    REQUIRE(cudaMemset(data_, 0xff, count * sizeof(T)) == cudaSuccess);
  }
  template <class From>
  explicit DeviceArray(std::vector<From> const& values) : DeviceArray(values.size()) {
    std::vector<T> converted;
    converted.reserve(values.size());
    for (auto v : values) converted.push_back(element_from<T>(v));
    REQUIRE(cudaMemcpy(data_, converted.data(), count_ * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
  }
  DeviceArray(DeviceArray const&) = delete;
  DeviceArray& operator=(DeviceArray const&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* get() { return data_; }
  T const* get() const { return data_; }
  std::size_t size() const { return count_; }
  std::vector<T> raw() const {
    std::vector<T> values(count_);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    REQUIRE(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
    return values;
  }
  std::vector<float> values() const {
    std::vector<float> v;
    for (auto e : raw()) v.push_back(value_of(e));
    return v;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

}  // namespace mambasynth::tests
