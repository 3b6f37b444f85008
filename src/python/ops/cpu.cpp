#include "kernels/cpu.hpp"

#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>

#include <tuple>

#include "python/ops/arguments.hpp"

namespace mambasynth::python {
namespace {

/// Calls with a value of the C++ type of x: float or double.
template <class Call>
void for_type(Tensor const& x, Call const& call) {
  // The kernels' results do not depend on it.
  kernels::set_threads(static_cast<int>(torch::stable::get_num_threads()));
  switch (x.scalar_type()) {
    case ScalarType::Float:
      return call(float{});
    case ScalarType::Double:
      return call(double{});
    default:
      STD_TORCH_CHECK(false,
                      "x has a type that the CPU kernels lack (they compute in float32 and float64). Convert it.");
  }
}

std::tuple<Tensor, Tensor, Tensor> scan_forward(Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, OptionalTensor D,
                                                OptionalTensor z, OptionalTensor delta_bias, bool delta_softplus,
                                                bool save) {
  auto const type = x.scalar_type();
  ScanArguments const in(x, delta, A, B, C, D, z, delta_bias, delta_softplus, type);
  auto const& s = in.shape;
  auto const out = make(x, {s.batch, s.time, s.channels}, type);
  auto const last_state = make(x, {s.batch, s.channels, s.states}, type);
  auto const saved =
      save ? make(x, {s.batch, kernels::scan_chunks(s.time), s.channels, s.states}, type) : make(x, {0}, type);
  for_type(x, [&]<class T>(T) {
    kernels::selective_scan_forward<T>(s, in.inputs<T>(),
                                       {write<T>(out), save ? write<T>(saved) : nullptr, write<T>(last_state)});
  });
  return {out, last_state, saved};
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor> scan_backward(
    Tensor dout, Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, OptionalTensor D, OptionalTensor z,
    OptionalTensor delta_bias, bool delta_softplus, Tensor saved, bool again) {
  auto const type = x.scalar_type();
  ScanArguments const in(x, delta, A, B, C, D, z, delta_bias, delta_softplus, type);
  auto const& s = in.shape;
  require(dout, "dout", type, {s.batch, s.time, s.channels}, x);
  require(saved, "saved", type, {s.batch, kernels::scan_chunks(s.time), s.channels, s.states}, x);
  ScanGradientTensors const gradients(in, type);
  auto const dout_rows = torch::stable::contiguous(dout), checkpoints = torch::stable::contiguous(saved);
  auto const out = again ? make(x, {s.batch, s.time, s.channels}, type) : make(x, {0}, type);
  for_type(x, [&]<class T>(T) {
    kernels::selective_scan_backward<T>(s, in.inputs<T>(), read<T>(checkpoints), gradients.outputs<T>(dout_rows));
    if (!again) return;
    auto const last_state = make(x, {s.batch, s.channels, s.states}, type);
    kernels::selective_scan_forward<T>(s, in.inputs<T>(), {write<T>(out), nullptr, write<T>(last_state)});
  });
  return std::tuple_cat(gradients.all(), std::tuple(out));
}

Tensor conv_forward(Tensor x, Tensor weight, OptionalTensor bias) {
  auto const type = x.scalar_type();
  ConvArguments const in(x, weight, bias, type);
  auto const& s = in.shape;
  auto const out = make(x, {s.batch, s.time, s.channels}, type);
  auto const no_bias = torch::stable::new_zeros(x, {s.channels}, type);
  for_type(x, [&]<class T>(T) {
    kernels::causal_conv1d_forward<T>(s, read<T>(in.x.tensor), in.x.stride, read<T>(in.weight),
                                      read<T>(in.bias ? *in.bias : no_bias), write<T>(out));
  });
  return out;
}

std::tuple<Tensor, Tensor, Tensor> conv_backward(Tensor dout, Tensor x, Tensor weight, OptionalTensor bias) {
  auto const type = x.scalar_type();
  ConvArguments const in(x, weight, bias, type);
  auto const& s = in.shape;
  require(dout, "dout", type, {s.batch, s.time, s.channels}, x);
  auto const dout_rows = torch::stable::contiguous(dout);
  auto const dx = make(x, {s.batch, s.time, s.channels}, type);
  auto const dweight = make(x, {s.channels, s.d_conv}, type), dbias = make(x, {s.channels}, type);
  auto const no_bias = torch::stable::new_zeros(x, {s.channels}, type);
  for_type(x, [&]<class T>(T) {
    kernels::causal_conv1d_backward<T>(s, read<T>(in.x.tensor), in.x.stride, read<T>(in.weight),
                                       read<T>(in.bias ? *in.bias : no_bias), read<T>(dout_rows), write<T>(dx),
                                       s.channels, write<T>(dweight), write<T>(dbias));
  });
  return {dx, dweight, dbias};
}

std::int64_t saved_steps() { return kernels::scan_chunk; }

}  // namespace

STABLE_TORCH_LIBRARY_IMPL(mambasynth, CPU, m) {
  m.impl("selective_scan_forward", TORCH_BOX(&scan_forward));
  m.impl("selective_scan_backward", TORCH_BOX(&scan_backward));
  m.impl("causal_conv1d_forward", TORCH_BOX(&conv_forward));
  m.impl("causal_conv1d_backward", TORCH_BOX(&conv_backward));
}
STABLE_TORCH_LIBRARY_IMPL(mambasynth, CompositeExplicitAutograd, m) {
  m.impl("scan_saved_steps_cpu", TORCH_BOX(&saved_steps));
}

}  // namespace mambasynth::python
