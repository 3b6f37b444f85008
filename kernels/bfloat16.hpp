#pragma once

#include <cstdint>

namespace mambasynth::kernels {

/// The upper 16 bits of a float, which GPU kernels read and write in mixed precision. Not c10::BFloat16, because
/// kernels must build without LibTorch; the layout is the same, so src/gpu/tensors.hpp reads a tensor's data as this
/// type.
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
