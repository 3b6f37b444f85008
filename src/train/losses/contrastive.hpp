#pragma once

#include <cstdint>

#include "train/losses/loss.hpp"

// axes: b window, t time step, f feature (d_model), k negative
namespace mambasynth::train::losses {

/// Smaller lengths are replaced with it.
inline constexpr double least_norm = 1e-12;

/// Mean over the layers of InfoNCE (van den Oord et al. 2018, arXiv:1807.03748, eq. 4) between steps: with u = h / |h|
/// (|h| at least least_norm), cross-entropy of u_t u_(t+1) / temperature against it and u_t u_j / temperature for each
/// j of the layer's negatives (k), rows b t_max + t of the batch, the same for all steps; averaged over all steps that
/// have a next one. A negative may be the next step itself, and gradients flow through negatives. The negatives are
/// drawn from a whole batch: config::Train::needs_whole_batch().
///
/// In closed form, with s = 1 / temperature:
///   e_t  = log(exp(s u_t u_(t+1)) + sum_k exp(s u_t u_k)) - s u_t u_(t+1), t = 0 .. t_max - 2, summed over t
///   with the softmax's p_t,k = exp(s u_t u_k - log sum) and q_t = exp(s u_t u_(t+1) - log sum) - 1
///   du_t += s (q_t u_(t+1) + sum_k p_t,k u_k),   du_(t+1) += s q_t u_t,   du_k += s sum_t p_t,k u_t
///   dh   += factor (du - u (u du)) / |h|    (below least_norm the length is a constant: factor du / least_norm)
/// bf16 streams are computed in fp32, on the GPU with products in TF32. Takes memory for up to four streams in fp32 and
/// the scores of a few windows.
class Contrastive final : public AuxiliaryLoss {
 public:
  Contrastive(double weight, double temperature, std::int64_t negatives)
      : AuxiliaryLoss("contrastive", weight), temperature_(temperature), negatives_(negatives) {}
  Contrastive(double weight, config::Train const& train)
      : Contrastive(weight, train.contrastive_temp, train.contrastive_negatives) {}

  void add_gradient(LayerStream const& layer, double factor, at::Tensor const& window_sums) const override;
  /// (layer, k) rows of the batch for each layer, with replacement.
  [[nodiscard]] at::Tensor draw(BatchShape const& batch, PhiloxStream const& draws) const override;
  /// The precision of products is LibTorch's for all threads.
  [[nodiscard]] bool needs_own_process() const override { return true; }

 private:
  [[nodiscard]] at::Tensor layer_value(at::Tensor const& h, at::Tensor const& negatives) const override;
  [[nodiscard]] std::int64_t elements(BatchShape const& batch, std::int64_t) const override { return batch.time - 1; }

  double temperature_;
  std::int64_t negatives_;
};

}  // namespace mambasynth::train::losses
