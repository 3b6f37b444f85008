#include "random/numpy_generator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace mambasynth::random {

std::uint32_t NumpyGenerator::word32() {
  if (kept_half_) return *std::exchange(kept_half_, std::nullopt);
  std::uint64_t const word = bits_();
  kept_half_ = static_cast<std::uint32_t>(word >> 32);
  return static_cast<std::uint32_t>(word);
}

std::optional<double> NumpyGenerator::outside_core(std::size_t strip, std::uint64_t magnitude, double x) {
  if (strip == 0) {
    constexpr double inverse_tail_start = 0.27366123732975828;
    for (;;) {
      double const beyond = -inverse_tail_start * std::log1p(-uniform());
      double const height = -std::log1p(-uniform());
      if (height + height > beyond * beyond) {
        double const value = Ziggurat::tail_start + beyond;
        return ((magnitude >> 8) & 1) != 0 ? -value : value;
      }
    }
  }
  auto const& height = ziggurat_->height;
  double const y = (height[strip - 1] - height[strip]) * uniform() + height[strip];
  if (y < std::exp(-0.5 * x * x)) return x;
  return std::nullopt;
}

std::uint64_t NumpyGenerator::bounded(std::uint64_t most) {
  constexpr std::uint64_t most32 = std::numeric_limits<std::uint32_t>::max();
  if (most == 0) return 0;
  if (most == most32) return word32();
  if (most == std::numeric_limits<std::uint64_t>::max()) return word64();
  if (most < most32) {
    auto const count = static_cast<std::uint32_t>(most + 1);
    std::uint64_t product = static_cast<std::uint64_t>(word32()) * count;
    if (static_cast<std::uint32_t>(product) < count) {
      auto const threshold = static_cast<std::uint32_t>((most32 - most) % count);
      while (static_cast<std::uint32_t>(product) < threshold) product = static_cast<std::uint64_t>(word32()) * count;
    }
    return product >> 32;
  }
  std::uint64_t const count = most + 1;
  Word128 product = static_cast<Word128>(word64()) * count;
  if (static_cast<std::uint64_t>(product) < count) {
    std::uint64_t const threshold = (std::numeric_limits<std::uint64_t>::max() - most) % count;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Word128>(word64()) * count;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::vector<std::int64_t> NumpyGenerator::choice_with_replacement(std::int64_t population, std::int64_t size) {
  std::vector<std::int64_t> taken(static_cast<std::size_t>(size));
  for (auto& value : taken) value = static_cast<std::int64_t>(bounded(static_cast<std::uint64_t>(population - 1)));
  return taken;
}

std::vector<std::int64_t> NumpyGenerator::choice(std::int64_t population, std::int64_t size) {
  auto const shuffle_down_to = [this](std::vector<std::int64_t>& values, std::size_t first) {
    for (std::size_t i = values.size(); i-- > first;) std::swap(values[i], values[bounded(i)]);
  };
  if (population > 10000 && size > population / 50) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(population));
    std::iota(values.begin(), values.end(), std::int64_t{0});
    shuffle_down_to(values, static_cast<std::size_t>(std::max<std::int64_t>(population - size, 1)));
    return {values.end() - size, values.end()};
  }
  // Floyd's sampling, then a shuffle of the sample.
  std::vector<std::int64_t> taken;
  taken.reserve(static_cast<std::size_t>(size));
  std::unordered_set<std::int64_t> seen;
  for (std::int64_t j = population - size; j < population; ++j) {
    auto const drawn = static_cast<std::int64_t>(bounded(static_cast<std::uint64_t>(j)));
    auto const value = seen.insert(drawn).second ? drawn : j;
    seen.insert(value);
    taken.push_back(value);
  }
  shuffle_down_to(taken, 1);
  return taken;
}

std::int64_t NumpyGenerator::choice(std::span<double const> cumulative) {
  return std::upper_bound(cumulative.begin(), cumulative.end(), uniform()) - cumulative.begin();
}

std::vector<double> cumulative(std::span<double const> probabilities) {
  std::vector<double> sums(probabilities.size());
  std::partial_sum(probabilities.begin(), probabilities.end(), sums.begin());
  double const last = sums.back();
  for (double& sum : sums) sum /= last;
  return sums;
}

}  // namespace mambasynth::random
