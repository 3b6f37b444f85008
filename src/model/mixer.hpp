#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/weights.hpp"

// axes: b batch, t time step, d inner channel, n state, r dt_rank
namespace mambasynth::model {

/// Weights of a Mamba block between in_proj and out_proj; shapes in weights.hpp.
using MixerWeights = MixerOf<at::Tensor>;

/// xz (b, t, 2 d) -> (b, t, d): causal convolution with SiLU, projection to delta, B and C, selective scan, gate by z
/// (Gu & Dao 2023, arXiv:2312.00752, section 3.4 and algorithm 2). One autograd node with a hand-written backward over
/// kernels/: no tape through time, O(t / scan_chunk) states saved.
at::Tensor mixer(at::Tensor const& xz, MixerWeights const& weights);

/// The signals that control a block, for inspection (no gradient).
struct GateSignals {
  at::Tensor delta;   ///< (b, t, d): step size after softplus, bias included
  at::Tensor z_gate;  ///< (b, t, d): silu(z)
  at::Tensor B, C;    ///< (b, t, n)
  at::Tensor x_conv;  ///< (b, t, d): after convolution and SiLU
};
GateSignals gate_signals(at::Tensor const& xz, MixerWeights const& weights);

/// The probability of dropout, and what its masks are a function of besides the site: seed, step and sample
/// (kernels/dropout.hpp).
struct DropoutKey {
  double p = 0;
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::int64_t first_sample = 0;  ///< index of row 0 within the global batch
};
/// x (b, ...) -> the same shape; differentiable.
at::Tensor dropout(at::Tensor const& x, DropoutKey const& key, std::uint32_t site);

}  // namespace mambasynth::model
