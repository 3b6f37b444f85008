#pragma once

#include <cstdint>

namespace mambasynth::kernels {

/// The 16 high bits of a float: what GPU kernels read and write in mixed precision.
struct BFloat16 {
  std::uint16_t bits;
};

/// Parameters (A, D, biases, norms) and their gradients stay in fp32 where activations are bf16.
template <class T>
struct ParameterOf {
  using type = T;
};
template <>
struct ParameterOf<BFloat16> {
  using type = float;
};
template <class T>
using Parameter = typename ParameterOf<T>::type;

}  // namespace mambasynth::kernels
