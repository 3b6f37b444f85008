#include <cmath>

#include "kernels/adamw.hpp"
#include "kernels/cpu.hpp"

namespace mambasynth::kernels {

// Compiled for the baseline only: with a square root, two divisions and seven memory streams, wider vectors would gain
// nothing, and without contraction every instruction set gives the same bits anyway.
void adamw_step(AdamW const& settings, std::int64_t step, std::int64_t size, float const* __restrict gradient,
                float gradient_scale, float* __restrict parameters, float* __restrict first_moment,
                float* __restrict second_moment) {
  double const t = static_cast<double>(step);
  auto const rounded = [](double value) { return static_cast<float>(value); };
  float const to_first = rounded(1 - settings.beta1), keep_second = rounded(settings.beta2);
  float const to_second = rounded(1 - settings.beta2), eps = rounded(settings.eps);
  float const keep = rounded(1 - settings.lr * settings.weight_decay);
  float const correction = rounded(std::sqrt(1 - std::pow(settings.beta2, t)));
  float const minus_rate = rounded(-(settings.lr / (1 - std::pow(settings.beta1, t))));
  bool const frozen = settings.lr == 0;
#pragma omp parallel for simd schedule(static) num_threads(threads())
  for (std::int64_t i = 0; i < size; ++i) {
    float const g = gradient[i] * gradient_scale;
    float const m = first_moment[i] + (g - first_moment[i]) * to_first;
    float const v = second_moment[i] * keep_second + to_second * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    float const p = parameters[i] * keep + minus_rate * m / (std::sqrt(v) / correction + eps);
    parameters[i] = frozen ? parameters[i] : p;
  }
}

}  // namespace mambasynth::kernels
