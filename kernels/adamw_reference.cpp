#include <cmath>

#include "kernels/adamw.hpp"

namespace mambasynth::kernels::reference {

void adamw_step(AdamW const& settings, std::int64_t step, std::int64_t size, float const* gradient,
                float gradient_scale, float* parameters, float* first_moment, float* second_moment) {
  double const t = static_cast<double>(step);
  for (std::int64_t i = 0; i < size; ++i) {
    float const g = gradient[i] * gradient_scale;
    float& m = first_moment[i];
    float& v = second_moment[i];
    m = m + (g - m) * static_cast<float>(1 - settings.beta1);
    v = v * static_cast<float>(settings.beta2);
    v = v + static_cast<float>(1 - settings.beta2) * g * g;
    if (settings.lr == 0) continue;
    float& p = parameters[i];
    p = p * static_cast<float>(1 - settings.lr * settings.weight_decay);
    float const denominator = std::sqrt(v) / static_cast<float>(std::sqrt(1 - std::pow(settings.beta2, t))) +
                              static_cast<float>(settings.eps);
    p = p + static_cast<float>(-(settings.lr / (1 - std::pow(settings.beta1, t)))) * m / denominator;
  }
}

}  // namespace mambasynth::kernels::reference
