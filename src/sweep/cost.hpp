#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace mambasynth::sweep {

/// Floating-point operations of the forward pass per time step (a multiply-add counts as two): the linear maps of each
/// Mamba block (Gu & Dao 2023, arXiv:2312.00752), the scan with its exponentials, and the heads.
double forward_flop_per_step(config::Model const& model, std::int64_t channels);

/// Estimated TFLOP of a whole trial: epochs x (3 x training + validation) windows, and the test series every
/// train.test_every epochs. Only ratios matter: they determine the dispatch order. `n_steps`, `channels`: of the
/// training series.
double estimated_cost(config::Trial const& trial, std::int64_t n_steps, std::int64_t channels);

}  // namespace mambasynth::sweep
