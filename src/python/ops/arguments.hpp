#pragma once

#include <torch/csrc/stable/tensor.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>

#include "kernels/causal_conv1d.hpp"
#include "kernels/selective_scan.hpp"

// Tensors of the operators as the arrays that the kernels take. The same for every device.
namespace mambasynth::python {

using torch::headeronly::ScalarType;
using torch::stable::Tensor;
using OptionalTensor = std::optional<Tensor>;

/// A tensor (batch, time, channel) whose rows the kernels can read in place, or a copy of it.
struct Rows {
  Tensor tensor;
  std::int64_t stride;  ///< elements from one time step to the next, across sequences too; 0: one row for all steps
};
Rows rows(Tensor const&);

template <class T>
T const* read(Tensor const& tensor) {
  return static_cast<T const*>(tensor.const_data_ptr());
}
template <class T>
T const* read(OptionalTensor const& tensor) {
  return tensor ? read<T>(*tensor) : nullptr;
}
template <class T>
T* write(Tensor const& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

/// Errors: std::runtime_error that names the argument unless it has this type and shape and is where `like` is.
void require(Tensor const&, char const* name, ScalarType, std::initializer_list<std::int64_t> shape,
             Tensor const& like);

/// The arguments of the scan, checked, so that no kernel reads past an array. Parameters (A, D, delta_bias) are of type
/// `parameter`.
struct ScanArguments {
  kernels::ScanShape shape;
  Rows x, delta, B, C;
  std::optional<Rows> z;
  Tensor A;
  OptionalTensor D, delta_bias;
  bool softplus;

  ScanArguments(Tensor const& x, Tensor const& delta, Tensor const& A, Tensor const& B, Tensor const& C,
                OptionalTensor const& D, OptionalTensor const& z, OptionalTensor const& delta_bias, bool delta_softplus,
                ScalarType parameter);

  template <class T>
  [[nodiscard]] kernels::ScanInputs<T> inputs() const {
    using P = kernels::Parameter<T>;
    kernels::ScanInputs<T> in{};
    in.x = read<T>(x.tensor), in.x_stride = x.stride;
    in.delta = read<T>(delta.tensor), in.delta_stride = delta.stride;
    if (z) in.z = read<T>(z->tensor), in.z_stride = z->stride;
    in.B = read<T>(B.tensor), in.B_stride = B.stride;
    in.C = read<T>(C.tensor), in.C_stride = C.stride;
    in.A = read<P>(A), in.D = read<P>(D), in.delta_bias = read<P>(delta_bias);
    in.softplus = softplus;
    return in;
  }
};

/// The scan's gradients, as the operator returns them; those of absent arguments are empty.
struct ScanGradientTensors {
  Tensor dx, ddelta, dA, dB, dC, dD, dz, ddelta_bias;
  ScanGradientTensors(ScanArguments const&, ScalarType parameter);

  /// Of no steps.
  void clear() const;
  template <class T>
  [[nodiscard]] kernels::ScanGradients<T> outputs(Tensor const& dout) const {
    using P = kernels::Parameter<T>;
    kernels::ScanGradients<T> out{};
    out.dout = read<T>(dout);
    out.dx = write<T>(dx), out.ddelta = write<T>(ddelta), out.dz = write<T>(dz);
    out.dB = write<T>(dB), out.dC = write<T>(dC);
    out.dz_stride = dz.dim() == 3 ? dz.size(2) : 0, out.dB_stride = dB.size(2), out.dC_stride = dC.size(2);
    out.dA = write<P>(dA), out.dD = write<P>(dD), out.ddelta_bias = write<P>(ddelta_bias);
    return out;
  }
  [[nodiscard]] std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor> all() const {
    return {dx, ddelta, dA, dB, dC, dD, dz, ddelta_bias};
  }
};

struct ConvArguments {
  kernels::ConvShape shape;
  Rows x;
  Tensor weight;
  OptionalTensor bias;
  ConvArguments(Tensor const& x, Tensor const& weight, OptionalTensor const& bias, ScalarType parameter);
};

/// An uninitialized tensor where `like` is.
Tensor make(Tensor const& like, std::initializer_list<std::int64_t> shape, ScalarType);

}  // namespace mambasynth::python
