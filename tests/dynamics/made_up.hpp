#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "random/numpy_generator.hpp"
#include "series/series.hpp"

/// Series written by hand.
namespace mambasynth::tests {

/// Steps on circles, without noise.
struct Walk {
  explicit Walk(series::Process const& of) : process(of) {}

  Walk& turn(std::int64_t on, std::int64_t from, std::int64_t steps) {
    for (std::int64_t i = 0; i < steps; ++i) at(on, from + i);
    return *this;
  }
  /// Stays where it is.
  Walk& freeze(std::int64_t steps) {
    auto const d = static_cast<std::size_t>(process.channels);
    std::vector<float> const last(x.end() - process.channels, x.end());
    for (std::int64_t i = 0; i < steps; ++i) {
      x.insert(x.end(), last.begin(), last.begin() + static_cast<std::ptrdiff_t>(d));
      circle.push_back(circle.back());
    }
    return *this;
  }
  Walk& noise(double std, std::uint64_t seed) {
    random::NumpyGenerator generator(seed);
    for (float& value : x) value += static_cast<float>(std * generator.normal());
    return *this;
  }

  series::Process const& process;
  std::vector<float> x;
  std::vector<std::int64_t> circle;

 private:
  void at(std::int64_t on, std::int64_t position) {
    auto const c = static_cast<std::size_t>(on);
    double const angle = process.entry_angle[c] + static_cast<double>(position) * process.step_angle(on);
    for (std::size_t i = 0; i < static_cast<std::size_t>(process.channels); ++i)
      x.push_back(static_cast<float>(
          process.radius[c] * (std::cos(angle) * process.axis(on, 0)[i] + std::sin(angle) * process.axis(on, 1)[i])));
    circle.push_back(on);
  }
};

}  // namespace mambasynth::tests
