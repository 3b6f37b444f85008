#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "kernels/augment.hpp"
#include "kernels/dropout.hpp"

namespace mambasynth::kernels::reference {
namespace {

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
double unit(std::uint32_t a, std::uint32_t b) {
  return (static_cast<double>(a >> 5) * 0x1p26 + static_cast<double>(b >> 6)) * 0x1p-53;
}

double normal(std::array<std::uint32_t, 2> const& stream, std::uint64_t row, std::uint64_t element) {
  auto const number = element / 2;
  auto const w = philox({low(number), high(number), low(row), high(row)}, stream);
  auto const radius = std::sqrt(-2 * std::log(1 - unit(w[0], w[1]))), angle = 2 * std::numbers::pi * unit(w[2], w[3]);
  return radius * (element % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

}  // namespace

void augment(AugmentShape const& s, Augmentation const& a, float const* x, float* target, float* input) {
  if (s.batch < 0 || s.time < 0 || s.channels < 1 || s.width < s.channels)
    throw std::invalid_argument("windows without channels, or with rows shorter than their channels");
  auto const words = philox({low(a.step), high(a.step), noise_purpose, draws_counter}, {low(a.seed), high(a.seed)});
  for (std::int64_t row = 0; row < s.batch * s.time; ++row) {
    auto const b = row / s.time, t = row % s.time;
    for (std::int64_t c = 0; c < s.width; ++c) {
      if (c >= s.channels) {
        input[row * s.width + c] = 0;
        continue;
      }
      auto value = x[row * s.channels + c];
      if (a.rotation != nullptr) {
        value = 0;
        for (std::int64_t j = 0; j < s.channels; ++j) value += a.rotation[c * s.channels + j] * x[row * s.channels + j];
      }
      if (a.scale != nullptr) value *= a.scale[b];
      target[row * s.channels + c] = value;
      if (a.noise > 0)
        value +=
            static_cast<float>(a.noise * normal({words[0], words[1]}, static_cast<std::uint64_t>(a.first_sample + b),
                                                static_cast<std::uint64_t>(t * s.channels + c)));
      input[row * s.width + c] = value;
    }
  }
}

}  // namespace mambasynth::kernels::reference
