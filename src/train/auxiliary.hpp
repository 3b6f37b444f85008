#pragma once

#include <ATen/core/Tensor.h>

// axes: b window, t time step, f feature (d_model), k negative
namespace mambasynth::train {

/// One layer of contrastive() (objective.hpp) and its gradient in closed form, for a training without autograd (that of
/// slowness() is kernels/slowness.hpp). u = h / max(|h|, least_norm), negatives (k) int64 rows b t_max + t, s = 1 /
/// temperature:
///   e_t  = log(exp(s u_t u_(t+1)) + sum_k exp(s u_t u_k)) - s u_t u_(t+1), t = 0 .. t_max - 2, and sums += sum over t
///   of e_t with the softmax's p_t,k = exp(s u_t u_k - log sum) and q_t = exp(s u_t u_(t+1) - log sum) - 1 du_t += s
///   (q_t u_(t+1) + sum_k p_t,k u_k),   du_(t+1) += s q_t u_t,   du_k += s sum_t p_t,k u_t dh   += weight (du - u (u
///   du)) / |h|       (below least_norm the length is a constant: weight du / least_norm)
/// which is the gradient of weight sum_b sums[b].
/// h, dh: (b, t, f) contiguous, t >= 2, fp64, fp32 or bf16 (computed in fp32, on the GPU with products in TF32, and
/// rounded where it is added to dh). sums: (b) fp64. On any device; no host waits, so that a CUDA graph can hold it. On
/// CUDA the sums have a fixed order: the same bits in every run. Takes memory for up to four streams in fp32 and the
/// scores of a few windows.
void add_contrastive(at::Tensor const& h, at::Tensor const& negatives, double temperature, double weight,
                     at::Tensor const& sums, at::Tensor const& dh);

}  // namespace mambasynth::train
