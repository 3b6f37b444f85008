#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/bfloat16.hpp"

/// LibTorch's tensors as the kernels' pointers. T: float or kernels::BFloat16.
namespace mambasynth::gpu {

template <class T>
constexpr at::ScalarType dtype_of() {
  return std::is_same_v<T, kernels::BFloat16> ? at::kBFloat16 : at::kFloat;
}
inline at::TensorOptions on_gpu(at::ScalarType dtype) { return at::TensorOptions().device(at::kCUDA).dtype(dtype); }

/// The first element, wherever the view begins.
template <class T>
T* data(at::Tensor const& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}
inline std::byte* bytes(at::Tensor const& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

inline at::Tensor byte_array(std::size_t size) {
  return at::empty({static_cast<std::int64_t>(size)}, on_gpu(at::kByte));
}

/// out = a b in the dtype of a; a and b may be transposed views.
inline void multiply(at::Tensor out, at::Tensor const& a, at::Tensor const& b) { at::mm_out(out, a, b); }
/// out += a b.
inline void multiply_add(at::Tensor out, at::Tensor const& a, at::Tensor const& b) { at::addmm_out(out, out, a, b); }
/// fp32 out = a b: weight gradients and predictions are not rounded to bf16.
inline void multiply_fp32(at::Tensor out, at::Tensor const& a, at::Tensor const& b) {
  if (a.scalar_type() == at::kFloat) at::mm_out(out, a, b);
  else at::mm_out(out, a, b, at::kFloat);
}

}  // namespace mambasynth::gpu
