#pragma once

#include <cstdint>

// g = gradient_scale * gradient;   p -= lr weight_decay p;   m += (g - m)(1 - beta1);   v = beta2 v + (1 - beta2) g g
// p -= lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps)
// AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2), in the order of operations and with the roundings of
// torch.optim.AdamW for one tensor: coefficients in double, then rounded to float; every operation rounded, none fused.
// Reference: adamw_reference.cpp. CPU: adamw_cpu.cpp. GPU: cuda/adamw.cu, which also clips and records the step.
// Tests: tests/kernels/adamw_test.cpp, tests/kernels/cuda/adamw_test.cpp. Caller: src/train/optimizer.cpp.
namespace mambasynth::kernels {

struct AdamW {
  double lr;  ///< 0 leaves the parameters bit for bit unchanged (no weight decay either); the moments are still updated
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0.01;
};

/// One update of `size` parameters; `step` counts from 1. The gradient is not changed. Bit-identical for any number of
/// threads and any instruction set.
void adamw_step(AdamW const&, std::int64_t step, std::int64_t size, float const* gradient, float gradient_scale,
                float* parameters, float* first_moment, float* second_moment);

namespace reference {
void adamw_step(AdamW const&, std::int64_t step, std::int64_t size, float const* gradient, float gradient_scale,
                float* parameters, float* first_moment, float* second_moment);
}

}  // namespace mambasynth::kernels
