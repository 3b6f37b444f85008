#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"

// out = gelu(pre + bias) with gelu(a) = a Phi(a), Phi by erf (Hendrycks & Gimpel 2016, arXiv:1606.08415).
// Reference: gelu_reference.cpp. CPU: at::gelu. GPU: cuda/gelu.cu. Tests: tests/kernels/gelu_test.cpp,
// tests/kernels/cuda/gelu_test.cpp. Callers: src/gpu/engine_forward.cpp, src/gpu/engine_backward.cpp.
namespace mambasynth::kernels {

/// pre, out, dout, dpre: (row, column) contiguous; bias, dbias: (column). dpre may be dout; dbias = sum of dpre over
/// rows.
namespace reference {
template <class T>
void gelu_forward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T* out);
template <class T>
void gelu_backward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T const* dout,
                   T* dpre, Parameter<T>* dbias);
}  // namespace reference

namespace cuda {
template <class T>
void gelu_forward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T* out, Stream);
/// Enough for as many rows and fewer.
std::size_t gelu_workspace_bytes(std::int64_t rows, std::int64_t columns);
template <class T>
void gelu_backward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T const* dout,
                   T* dpre, Parameter<T>* dbias, std::byte* workspace, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
