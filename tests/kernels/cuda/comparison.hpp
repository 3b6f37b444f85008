#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/cuda/device_array.hpp"
#include "kernels/numbers.hpp"

namespace mambasynth::tests {

/// Uniform numbers rounded to T, in double.
template <class T>
std::vector<double> stored(Uniform& uniform, std::int64_t count, double low, double high) {
  auto values = uniform.operator()<double>(count, low, high);
  for (auto& v : values) v = value_of(element_from<T>(v));
  return values;
}

/// Compares with a computation in double. fp32: within 1e-5 of the largest value. bf16: within 5e-3 of the norm, and no
/// element off by more than a few roundings of the largest.
template <class T>
void check_close(std::string const& name, std::vector<float> const& found, std::vector<double> const& expected) {
  INFO(name);
  double difference = 0, norm = 0;
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference += (static_cast<double>(found[i]) - expected[i]) * (static_cast<double>(found[i]) - expected[i]);
    norm += expected[i] * expected[i];
  }
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    CHECK(std::sqrt(difference) <= 5e-3 * std::sqrt(norm));
    CHECK(relative_error(found, expected) < 1.5e-2);
  } else {
    CHECK(relative_error(found, expected) < 1e-5);
  }
}

inline std::size_t count_of(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace mambasynth::tests
