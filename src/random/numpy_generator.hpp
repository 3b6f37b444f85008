#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "random/pcg64.hpp"
#include "random/ziggurat.hpp"

namespace mambasynth::random {

/// numpy.random.default_rng(seed): the same numbers in the same order (NumPy 1.17 and later), given the same C library.
class NumpyGenerator {
 public:
  explicit NumpyGenerator(std::uint64_t seed) : bits_(seed), ziggurat_(&Ziggurat::tables()) {}

  std::uint64_t word64() { return bits_(); }
  /// The low half of a 64-bit word, then its high half; other draws in between do not affect the kept half.
  std::uint32_t word32();
  /// In [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() {
    for (;;) {
      std::uint64_t bits = bits_();
      std::size_t const strip = bits & 0xff;
      bits >>= 8;
      std::uint64_t const magnitude = (bits >> 1) & 0x000fffffffffffffu;
      double const size = static_cast<double>(magnitude) * ziggurat_->width[strip];
      double const x = (bits & 1) != 0 ? -size : size;
      if (magnitude < ziggurat_->accept[strip]) [[likely]]
        return x;
      if (auto const late = outside_core(strip, magnitude, x)) return *late;
    }
  }
  double normal(double mean, double deviation) { return mean + deviation * normal(); }
  void fill_normal(std::span<double> values) {
    for (double& value : values) value = normal();
  }
  /// In 0 .. most, inclusive (Lemire 2019); most = 0 draws nothing.
  std::uint64_t bounded(std::uint64_t most);
  /// choice(population, size): with replacement.
  std::vector<std::int64_t> choice_with_replacement(std::int64_t population, std::int64_t size);
  /// choice(population, size, replace=False); 0 <= size <= population.
  std::vector<std::int64_t> choice(std::int64_t population, std::int64_t size);
  /// choice(n, p=p), given cumulative(p).
  std::int64_t choice(std::span<double const> cumulative);

 private:
  /// The wedge next to a strip's core, or the tail under the lowest strip; nothing if the draw is rejected.
  std::optional<double> outside_core(std::size_t strip, std::uint64_t magnitude, double x);

  Pcg64 bits_;
  Ziggurat const* ziggurat_;
  std::optional<std::uint32_t> kept_half_;
};

/// Cumulative sums of p divided by the last one, with which choice(n, p=p) compares.
std::vector<double> cumulative(std::span<double const> probabilities);

}  // namespace mambasynth::random
