#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/bfloat16.hpp"

/// Helpers of all launchers.
namespace mambasynth::kernels::cuda {

/// Throws std::runtime_error if `error` is not cudaSuccess.
void check(cudaError_t error, char const* what);
/// Checks the launch just made.
void check_launch(char const* kernel);
/// Raises a kernel's limit on dynamic shared memory, once. Errors: std::runtime_error if the device has less.
void allow_shared_memory(void const* kernel, std::size_t bytes, char const* name);
/// Of the current device.
int multiprocessors();
/// The most shared memory that a block of the current device can have, in bytes.
int shared_memory_of_a_block();
/// That its blocks share, in bytes.
int shared_memory_of_a_multiprocessor();

inline __nv_bfloat16 const* native(BFloat16 const* p) { return reinterpret_cast<__nv_bfloat16 const*>(p); }
inline __nv_bfloat16* native(BFloat16* p) { return reinterpret_cast<__nv_bfloat16*>(p); }
inline float const* native(float const* p) { return p; }
inline float* native(float* p) { return p; }

/// Places arrays one after another in a workspace, each at a multiple of 256 bytes.
class Arena {
 public:
  explicit Arena(std::byte* base) : base_(base) {}
  template <class T>
  T* take(std::int64_t count) {
    auto* const at = reinterpret_cast<T*>(base_ + used_);
    used_ += (static_cast<std::size_t>(count) * sizeof(T) + 255) / 256 * 256;
    return at;
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

/// The most that `count` says of shape.batch and of any smaller batch. Fewer windows may be cut into more parts, and
/// the last batch of an epoch, which is short, uses the scratch memory of a full one.
template <class Shape, class Count>
std::int64_t most_of_batches(Shape shape, Count const& count) {
  std::int64_t most = count(shape);
  while (shape.batch > 0) {
    --shape.batch;
    most = std::max<std::int64_t>(most, count(shape));
  }
  return most;
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace mambasynth::kernels::cuda
