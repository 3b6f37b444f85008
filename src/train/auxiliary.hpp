#pragma once

#include <ATen/core/Tensor.h>

// slowness() and contrastive() of objective.hpp and their gradients in closed form, a layer at a time, for a training without
// autograd. On any device; no host waits and none is waited for, so that a CUDA graph can hold them. The sums have a fixed
// order: the same bits in every run. Temporary arrays are those of one layer, or of a few windows at a time.
//
// axes: b window, t time step, f feature (d_model), k negative
// h, dh: (b, t, f) contiguous, t >= 2, fp64, fp32 or bf16 (computed in fp32, rounded where it is added to dh).
// sums: (b) fp64.
namespace mambasynth::train {

/// With the changes d_t = h_t - h_(t-1), t = 1 .. t_max - 1, and d_0 = d_(t_max) = 0:
///   sums += sum over t, f of d_t^2            dh += weight 2 (d_t - d_(t+1)),
/// the gradient of weight sum_b of those sums. slowness() is their sum over b and layers / (layers b (t_max - 1) f).
void add_slowness(at::Tensor const& h, double weight, at::Tensor const& sums, at::Tensor const& dh);

/// InfoNCE of one layer, u = h / max(|h|, least_norm), negatives (k) int64 rows b t_max + t, s = 1 / temperature:
///   e_t  = log(exp(s u_t u_(t+1)) + sum_k exp(s u_t u_k)) - s u_t u_(t+1), t = 0 .. t_max - 2, and sums += sum over t of e_t
///   with the softmax's p_t,k = exp(s u_t u_k - log sum) and q_t = exp(s u_t u_(t+1) - log sum) - 1
///   du_t += s (q_t u_(t+1) + sum_k p_t,k u_k),   du_(t+1) += s q_t u_t,   du_k += s sum_t p_t,k u_t
///   dh   += weight (du - u (u du)) / |h|       (below least_norm the length is a constant: weight du / least_norm)
/// contrastive() is the sums' sum over b and layers / (layers b (t_max - 1)).
void add_contrastive(at::Tensor const& h, at::Tensor const& negatives, double temperature, double weight, at::Tensor const& sums,
                     at::Tensor const& dh);

}  // namespace mambasynth::train
