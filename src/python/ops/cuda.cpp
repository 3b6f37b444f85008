#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/csrc/stable/accelerator.h>
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>

#include <limits>
#include <tuple>

#include "python/ops/arguments.hpp"

namespace mambasynth::python {
namespace {

using kernels::BFloat16;
constexpr auto parameter = ScalarType::Float;

/// The stream on which PyTorch computes with `like`.
kernels::cuda::Stream stream_of(Tensor const& like) {
  void* stream = nullptr;
  TORCH_ERROR_CODE_CHECK(aoti_torch_get_current_cuda_stream(like.get_device_index(), &stream));
  return static_cast<kernels::cuda::Stream>(stream);
}

/// Calls with a value of the kernels' type for x: float or BFloat16.
template <class Call>
void for_type(Tensor const& x, Call const& call) {
  torch::stable::accelerator::DeviceGuard const guard(x.get_device_index());
  switch (x.scalar_type()) {
    case ScalarType::Float:
      return call(float{});
    case ScalarType::BFloat16:
      return call(BFloat16{});
    default:
      STD_TORCH_CHECK(false,
                      "x has a type that the GPU kernels lack (they compute in float32 and bfloat16). Convert it.");
  }
}

/// Memory of a kernel. PyTorch hands it to others only after what is on the stream by then.
Tensor bytes(Tensor const& like, std::size_t count) {
  return make(like, {static_cast<std::int64_t>(count)}, ScalarType::Byte);
}

/// The GPU kernels need D and delta_bias: zeros where they are absent.
OptionalTensor or_zeros(OptionalTensor const& given, Tensor const& x) {
  return given ? given : torch::stable::new_zeros(x, {x.size(2)}, parameter);
}
void require_gate(OptionalTensor const& z) {
  STD_TORCH_CHECK(z.has_value(),
                  "z is missing (the GPU kernels always gate). Call selective_scan, which passes a gate of 1.");
}
/// The gate of 1: every step of every sequence is the same row. Nobody asks for its gradient. As in operators.py.
bool is_one_row(Tensor const& z) { return (z.size(0) == 1 || z.stride(0) == 0) && z.stride(1) == 0; }

template <class T>
std::size_t saved_bytes(kernels::ScanShape const& shape) {
  return kernels::cuda::scan_saved_bytes<T>(shape);
}

std::tuple<Tensor, Tensor, Tensor> scan_forward(Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, OptionalTensor D,
                                                OptionalTensor z, OptionalTensor delta_bias, bool delta_softplus,
                                                bool save) {
  require_gate(z);
  ScanArguments const in(x, delta, A, B, C, or_zeros(D, x), z, or_zeros(delta_bias, x), delta_softplus, parameter);
  auto const& s = in.shape;
  auto const out = make(x, {s.batch, s.time, s.channels}, x.scalar_type());
  auto const last_state = torch::stable::new_zeros(x, {s.batch, s.channels, s.states}, parameter);
  auto saved = bytes(x, 0);
  for_type(x, [&]<class T>(T) {
    if (x.numel() == 0) return;
    if (save) saved = bytes(x, saved_bytes<T>(s));
    auto const workspace = bytes(x, kernels::cuda::scan_forward_workspace_bytes<T>(s));
    kernels::cuda::selective_scan_forward<T>(s, in.inputs<T>(), write<T>(out), save ? write<std::byte>(saved) : nullptr,
                                             write<float>(last_state), stream_of(x), write<std::byte>(workspace));
  });
  return {out, last_state, saved};
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor> scan_backward(
    Tensor dout, Tensor x, Tensor delta, Tensor A, Tensor B, Tensor C, OptionalTensor D, OptionalTensor z,
    OptionalTensor delta_bias, bool delta_softplus, Tensor saved, bool again) {
  require_gate(z);
  ScanArguments const in(x, delta, A, B, C, or_zeros(D, x), z, or_zeros(delta_bias, x), delta_softplus, parameter);
  auto const& s = in.shape;
  require(dout, "dout", x.scalar_type(), {s.batch, s.time, s.channels}, x);
  ScanGradientTensors gradients(in, parameter);
  bool const one_gate = is_one_row(*z);
  if (one_gate) gradients.dz = make(x, {s.channels}, x.scalar_type());
  auto const dout_rows = torch::stable::contiguous(dout), states = torch::stable::contiguous(saved);
  auto const out = again ? make(x, {s.batch, s.time, s.channels}, x.scalar_type()) : make(x, {0}, x.scalar_type());
  for_type(x, [&]<class T>(T) {
    if (x.numel() == 0) return gradients.clear();
    require(states, "saved", ScalarType::Byte, {static_cast<std::int64_t>(saved_bytes<T>(s))}, x);
    auto const workspace = bytes(x, kernels::cuda::scan_workspace_bytes<T>(s));
    kernels::cuda::selective_scan_backward<T>(s, in.inputs<T>(), read<std::byte>(states),
                                              gradients.outputs<T>(dout_rows), write<std::byte>(workspace),
                                              stream_of(x), again ? write<T>(out) : nullptr);
  });
  auto all = gradients.all();
  if (!D) std::get<5>(all) = make(x, {0}, parameter);
  if (one_gate) std::get<6>(all) = make(x, {0}, x.scalar_type());
  if (!delta_bias) std::get<7>(all) = make(x, {0}, parameter);
  return std::tuple_cat(all, std::tuple(out));
}

Tensor conv_forward(Tensor x, Tensor weight, OptionalTensor bias) {
  ConvArguments const in(x, weight, or_zeros(bias, x), parameter);
  auto const& s = in.shape;
  auto const out = make(x, {s.batch, s.time, s.channels}, x.scalar_type());
  for_type(x, [&]<class T>(T) {
    kernels::cuda::causal_conv1d_forward<T>(s, read<T>(in.x.tensor), in.x.stride, read<float>(in.weight),
                                            read<float>(in.bias), write<T>(out), stream_of(x));
  });
  return out;
}

std::tuple<Tensor, Tensor, Tensor> conv_backward(Tensor dout, Tensor x, Tensor weight, OptionalTensor bias) {
  ConvArguments const in(x, weight, or_zeros(bias, x), parameter);
  auto const& s = in.shape;
  require(dout, "dout", x.scalar_type(), {s.batch, s.time, s.channels}, x);
  auto const dout_rows = torch::stable::contiguous(dout);
  auto const dx = make(x, {s.batch, s.time, s.channels}, x.scalar_type());
  auto const dweight = make(x, {s.channels, s.d_conv}, parameter), dbias = make(x, {s.channels}, parameter);
  for_type(x, [&]<class T>(T) {
    if (x.numel() == 0) {
      for (auto sum : {dweight, dbias}) torch::stable::zero_(sum);
      return;
    }
    auto const workspace = bytes(x, kernels::cuda::conv_workspace_bytes(s));
    kernels::cuda::causal_conv1d_backward<T>(s, read<T>(in.x.tensor), in.x.stride, read<float>(in.weight),
                                             read<float>(in.bias), read<T>(dout_rows), write<T>(dx), s.channels,
                                             write<float>(dweight), write<float>(dbias), write<std::byte>(workspace),
                                             stream_of(x));
  });
  return {dx, dweight, dbias};
}

std::int64_t bytes_of_channel(std::int64_t states, std::int64_t time, bool bfloat16) {
  kernels::ScanShape const shape{1, time, 1, states};
  return static_cast<std::int64_t>(bfloat16 ? saved_bytes<BFloat16>(shape) : saved_bytes<float>(shape));
}
std::int64_t bytes_of_state(std::int64_t states, bool bfloat16) { return bytes_of_channel(states, 1, bfloat16); }
/// Found from the size of a long sequence's saved states.
std::int64_t saved_steps(std::int64_t states, bool bfloat16) {
  constexpr std::int64_t time = 1 << 16;
  return time / (bytes_of_channel(states, time, bfloat16) / bytes_of_state(states, bfloat16));
}

std::int64_t least_states(std::int64_t wanted) {
  auto least = std::numeric_limits<std::int64_t>::max();
  for (auto const states : kernels::cuda::scan_states)
    if (states >= wanted && states < least) least = states;
  return least == std::numeric_limits<std::int64_t>::max() ? 0 : least;
}

}  // namespace

STABLE_TORCH_LIBRARY_IMPL(mambasynth, CUDA, m) {
  m.impl("selective_scan_forward", TORCH_BOX(&scan_forward));
  m.impl("selective_scan_backward", TORCH_BOX(&scan_backward));
  m.impl("causal_conv1d_forward", TORCH_BOX(&conv_forward));
  m.impl("causal_conv1d_backward", TORCH_BOX(&conv_backward));
}
STABLE_TORCH_LIBRARY_IMPL(mambasynth, CompositeExplicitAutograd, m) {
  m.impl("scan_saved_steps_cuda", TORCH_BOX(&saved_steps));
  m.impl("scan_saved_bytes_cuda", TORCH_BOX(&bytes_of_state));
  m.impl("scan_states_cuda", TORCH_BOX(&least_states));
}

}  // namespace mambasynth::python
