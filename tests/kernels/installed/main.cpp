#include <cmath>
#include <cstdio>

#include "kernels/adamw.hpp"
#include "kernels/causal_conv1d.hpp"
#include "kernels/cpu.hpp"
#include "kernels/dropout.hpp"
#include "kernels/selective_scan.hpp"

// One step of one channel: out = (C delta B x + D x) silu(z), with softplus(0) = ln 2.
int main() {
  namespace kernels = mambasynth::kernels;
  float const x = 3, delta = 0, z = 40, B = 7, C = 13, A = -1, D = 19, bias = 0;
  float out = 0;
  kernels::selective_scan_forward<float>({1, 1, 1, 1}, {&x, &delta, &z, &B, &C, 1, 1, 1, 1, 1, &A, &D, &bias},
                                         {&out, nullptr, nullptr});
  float const expected = (13 * std::log(2.0f) * 7 * 3 + 19 * 3) * 40;
  std::printf("%s: %g, expected %g\n", kernels::cpu_instruction_set(), static_cast<double>(out),
              static_cast<double>(expected));
  return std::abs(out - expected) < 1e-5f * expected ? 0 : 1;
}
