#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.hpp"
#include "kernels/cuda/stream.hpp"
#include "kernels/dropout.hpp"

// h = residual + dropout(branch + branch_bias);   u = (h - mean) / sqrt(variance + eps) gamma + beta
// Between two Mamba blocks: dropout, residual sum and LayerNorm (Ba et al. 2016, arXiv:1607.06450;
// biased variance over the features) in one pass. The mask is that of kernels/dropout.hpp, element for element.
// Reference: residual_norm_reference.cpp. CPU: at::layer_norm. GPU: cuda/residual_norm.cu.
// Tests: tests/kernels/residual_norm_test.cpp, tests/kernels/cuda/residual_norm_test.cpp.
// Callers: src/gpu/engine_forward.cpp, src/gpu/engine_backward.cpp.
namespace mambasynth::kernels::cuda {
struct StepState;  // kernels/cuda/step_state.hpp
}
namespace mambasynth::kernels {

/// rows = samples * steps; `steps` rows make one sample of the dropout mask.
struct NormShape {
  std::int64_t samples, steps, features;
  [[nodiscard]] std::int64_t rows() const { return samples * steps; }
};
inline constexpr float norm_epsilon = 1e-5F;

/// p = 0: none. On the GPU the step comes from `state` if it is given, else from `key.step`.
struct NormDropout {
  double p = 0;
  DropoutKey key{};
  std::int64_t first_sample = 0;
  cuda::StepState const* state = nullptr;
};

/// All arrays (row, feature) contiguous. branch_bias, residual: nullptr for none. residual may be h.
template <class T>
struct NormInputs {
  T const* branch;
  Parameter<T> const* branch_bias;
  T const* residual;
  Parameter<T> const *gamma, *beta;
};
/// mean, rstd: (row), or both nullptr (evaluation).
template <class T>
struct NormOutputs {
  T *h, *u;
  float *mean, *rstd;
};

/// dh = dresidual + (the norm's gradient of du);   dbranch = dropout mask of dh;   dgamma, dbeta: sums over rows.
template <class T>
struct NormGradients {
  T const* du;         ///< gradient of u
  T const* dresidual;  ///< gradient that reaches h by another path, or nullptr
  T* dh;               ///< may be dresidual
  T* dbranch;          ///< may be dh; nullptr: not needed
  Parameter<T>*dgamma, *dbeta;
  Parameter<T>* dbranch_bias;  ///< sum of dbranch over rows, or nullptr
};

/// T: float, double.
namespace reference {
template <class T>
void residual_norm_forward(NormShape const&, NormDropout const&, NormInputs<T> const&, NormOutputs<T> const&);
template <class T>
void residual_norm_backward(NormShape const&, NormDropout const&, T const* h, float const* mean, float const* rstd,
                            Parameter<T> const* gamma, NormGradients<T> const&);
}  // namespace reference

/// T: float, BFloat16.
namespace cuda {
template <class T>
void residual_norm_forward(NormShape const&, NormDropout const&, NormInputs<T> const&, NormOutputs<T> const&, Stream);
/// Recomputes u from h and its statistics, which is cheaper than storing it.
template <class T>
void norm_recompute(NormShape const&, T const* h, float const* mean, float const* rstd, Parameter<T> const* gamma,
                    Parameter<T> const* beta, T* u, Stream);
/// Enough for this batch and any smaller one.
std::size_t residual_norm_workspace_bytes(NormShape const&);
template <class T>
void residual_norm_backward(NormShape const&, NormDropout const&, T const* h, float const* mean, float const* rstd,
                            Parameter<T> const* gamma, NormGradients<T> const&, std::byte* workspace, Stream);
}  // namespace cuda

}  // namespace mambasynth::kernels
