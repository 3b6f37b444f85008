#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/dropout.hpp"
#include "kernels/philox.hpp"

namespace mambasynth::kernels {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < philox_rounds; ++round) {
    auto const a = std::uint64_t{philox_multiplier_0} * counter[0];
    auto const b = std::uint64_t{philox_multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + philox_weyl_0, key[1] + philox_weyl_1};
  }
  return counter;
}

std::array<std::uint32_t, 2> dropout_stream(DropoutKey const& key) {
  auto const low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  auto const words = philox({low(key.step), low(key.step >> 32), key.site, 0}, {low(key.seed), low(key.seed >> 32)});
  return {words[0], words[1]};
}

std::uint64_t dropout_threshold(double p) { return static_cast<std::uint64_t>(std::llround(p * 0x1p32)); }

void check_dropout(double p, std::int64_t elements) {
  if (!(p >= 0 && p <= 1))
    throw std::invalid_argument("dropout probability " + std::to_string(p) +
                                " is impossible (it must lie between 0 and 1). Correct it.");
  if (elements < 0 || elements >= std::int64_t{1} << 34)
    throw std::invalid_argument("dropout of " + std::to_string(elements) +
                                " elements per sample is impossible (the counter covers fewer than 2^34). " +
                                "Use smaller samples.");
}

namespace reference {

template <class T>
void dropout(DropoutKey const& key, double p, std::int64_t first_sample, std::int64_t samples, std::int64_t elements,
             T const* x, T* out) {
  check_dropout(p, elements);
  auto const stream = dropout_stream(key);
  auto const threshold = dropout_threshold(p);
  T const scale = static_cast<T>(1 / (1 - p));
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::int64_t e = 0; e < elements; ++e) {
      auto const sample = static_cast<std::uint64_t>(first_sample + i);
      auto const words = philox({static_cast<std::uint32_t>(e / 4), 0, static_cast<std::uint32_t>(sample),
                                 static_cast<std::uint32_t>(sample >> 32)},
                                stream);
      bool const keep = words[static_cast<std::size_t>(e % 4)] >= threshold;
      out[i * elements + e] = keep ? x[i * elements + e] * scale : T{};
    }
}

template void dropout(DropoutKey const&, double, std::int64_t, std::int64_t, std::int64_t, float const*, float*);
template void dropout(DropoutKey const&, double, std::int64_t, std::int64_t, std::int64_t, double const*, double*);

}  // namespace reference
}  // namespace mambasynth::kernels
