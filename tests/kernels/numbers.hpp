#pragma once

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/cpu.hpp"

namespace mambasynth::tests {

/// Uniform numbers, the same in every run.
class Uniform {
 public:
  explicit Uniform(unsigned seed) : bits_(seed) {}
  template <class T>
  std::vector<T> operator()(std::int64_t count, double low, double high) {
    std::vector<T> values(static_cast<std::size_t>(count));
    for (auto& value : values)
      value = static_cast<T>(low + (high - low) * static_cast<double>(bits_()) / static_cast<double>(bits_.max()));
    return values;
  }

 private:
  std::mt19937 bits_;
};

template <class T>
double largest(std::vector<T> const& values) {
  double most = 0;
  for (auto v : values) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// Largest difference as a fraction of the largest expected value; NaN anywhere gives infinity.
template <class T, class U>
double relative_error(std::vector<T> const& found, std::vector<U> const& expected) {
  REQUIRE(found.size() == expected.size());
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    double const difference = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (!(difference <= std::numeric_limits<double>::max())) return std::numeric_limits<double>::infinity();
    most = std::max(most, difference);
  }
  double const scale = largest(expected);
  return scale > 0 ? most / scale : most;
}

template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Central differences of `loss` along each of `values`, which it reads.
template <class Loss>
std::vector<double> differences(std::vector<double>& values, Loss const& loss) {
  constexpr double step = 1e-5;
  std::vector<double> found;
  for (auto& v : values) {
    double const before = v;
    v = before + step;
    double const above = loss();
    v = before - step;
    found.push_back((above - loss()) / (2 * step));
    v = before;
  }
  return found;
}

/// Runs `test` with each instruction set that this machine has, then restores the original choice.
template <class Test>
void with_each_instruction_set(Test const& test) {
  using kernels::InstructionSet;
  auto const before = kernels::instruction_set();
  for (auto set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!kernels::supports(set)) continue;
    kernels::use_instruction_set(set);
    INFO("instruction set " << kernels::cpu_instruction_set());
    test();
  }
  kernels::use_instruction_set(before);
}

}  // namespace mambasynth::tests
