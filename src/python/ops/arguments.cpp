#include "python/ops/arguments.hpp"

#include <torch/csrc/stable/ops.h>

#include <algorithm>
#include <vector>

namespace mambasynth::python {
namespace {

template <class Sizes>
std::string text(Sizes const& sizes) {
  std::string all;
  for (auto const size : sizes) all += (all.empty() ? "" : ", ") + std::to_string(size);
  return "(" + all + ")";
}

Tensor packed(Tensor const& tensor) { return tensor.is_contiguous() ? tensor : torch::stable::contiguous(tensor); }
OptionalTensor packed(OptionalTensor const& tensor) { return tensor ? OptionalTensor(packed(*tensor)) : std::nullopt; }

}  // namespace

Rows rows(Tensor const& tensor) {
  auto const batch = tensor.size(0), time = tensor.size(1), channels = tensor.size(2);
  auto const sequence = tensor.stride(0), row = tensor.stride(1), element = tensor.stride(2);
  bool const elements_fit = element == 1 || channels == 1;
  // The stride of an axis of one element says nothing.
  auto const stride = time == 1 ? (batch == 1 ? channels : sequence) : row;
  bool const rows_follow = batch <= 1 || time <= 1 || sequence == time * row;
  bool const one_row = stride == 0;
  if (elements_fit && rows_follow && (one_row || stride >= channels)) return {tensor, stride};
  return {torch::stable::contiguous(tensor), channels};
}

Tensor make(Tensor const& like, std::initializer_list<std::int64_t> shape, ScalarType type) {
  return torch::stable::new_empty(like, {shape.begin(), shape.size()}, type);
}

void require(Tensor const& tensor, char const* name, ScalarType type, std::initializer_list<std::int64_t> shape,
             Tensor const& like) {
  auto const sizes = tensor.sizes();
  STD_TORCH_CHECK(std::equal(sizes.begin(), sizes.end(), shape.begin(), shape.end()), name, " has shape ", text(sizes),
                  " (the other arguments ask for ", text(shape), "). Pass it in that shape.");
  STD_TORCH_CHECK(tensor.scalar_type() == type, name,
                  " has another type than the kernels take (they compute in that of ",
                  "x, parameters in float32 where x is bfloat16). Convert it.");
  STD_TORCH_CHECK(tensor.device() == like.device(), name, " is on another device than x. Move it there.");
}

ScanArguments::ScanArguments(Tensor const& a_x, Tensor const& a_delta, Tensor const& a_A, Tensor const& a_B,
                             Tensor const& a_C, OptionalTensor const& a_D, OptionalTensor const& a_z,
                             OptionalTensor const& a_delta_bias, bool delta_softplus, ScalarType parameter)
    : shape{},
      x{a_x, 0},
      delta{a_delta, 0},
      B{a_B, 0},
      C{a_C, 0},
      A(packed(a_A)),
      D(packed(a_D)),
      delta_bias(packed(a_delta_bias)),
      softplus(delta_softplus) {
  STD_TORCH_CHECK(a_x.dim() == 3, "x has ", a_x.dim(), " axes, not 3 (batch, time, channel). Reshape it.");
  STD_TORCH_CHECK(a_A.dim() == 2, "A has ", a_A.dim(), " axes, not 2 (channel, state). Reshape it.");
  shape = {a_x.size(0), a_x.size(1), a_x.size(2), a_A.size(1)};
  auto const type = a_x.scalar_type();
  require(a_delta, "delta", type, {shape.batch, shape.time, shape.channels}, a_x);
  require(a_A, "A", parameter, {shape.channels, shape.states}, a_x);
  require(a_B, "B", type, {shape.batch, shape.time, shape.states}, a_x);
  require(a_C, "C", type, {shape.batch, shape.time, shape.states}, a_x);
  if (a_z) require(*a_z, "z", type, {shape.batch, shape.time, shape.channels}, a_x);
  if (a_D) require(*a_D, "D", parameter, {shape.channels}, a_x);
  if (a_delta_bias) require(*a_delta_bias, "delta_bias", parameter, {shape.channels}, a_x);
  x = rows(a_x), delta = rows(a_delta), B = rows(a_B), C = rows(a_C);
  if (a_z) z = rows(*a_z);
}

ScanGradientTensors::ScanGradientTensors(ScanArguments const& in, ScalarType parameter)
    : dx(make(in.x.tensor, {in.shape.batch, in.shape.time, in.shape.channels}, in.x.tensor.scalar_type())),
      ddelta(make(in.x.tensor, {in.shape.batch, in.shape.time, in.shape.channels}, in.x.tensor.scalar_type())),
      dA(make(in.x.tensor, {in.shape.channels, in.shape.states}, parameter)),
      dB(make(in.x.tensor, {in.shape.batch, in.shape.time, in.shape.states}, in.x.tensor.scalar_type())),
      dC(make(in.x.tensor, {in.shape.batch, in.shape.time, in.shape.states}, in.x.tensor.scalar_type())),
      dD(make(in.x.tensor, {in.D ? in.shape.channels : 0}, parameter)),
      dz(in.z ? make(in.x.tensor, {in.shape.batch, in.shape.time, in.shape.channels}, in.x.tensor.scalar_type())
              : make(in.x.tensor, {0}, in.x.tensor.scalar_type())),
      ddelta_bias(make(in.x.tensor, {in.delta_bias ? in.shape.channels : 0}, parameter)) {}

void ScanGradientTensors::clear() const {
  for (auto gradient : {dx, ddelta, dA, dB, dC, dD, dz, ddelta_bias}) torch::stable::zero_(gradient);
}

ConvArguments::ConvArguments(Tensor const& a_x, Tensor const& a_weight, OptionalTensor const& a_bias,
                             ScalarType parameter)
    : shape{}, x{a_x, 0}, weight(packed(a_weight)), bias(packed(a_bias)) {
  STD_TORCH_CHECK(a_x.dim() == 3, "x has ", a_x.dim(), " axes, not 3 (batch, time, channel). Reshape it.");
  STD_TORCH_CHECK(a_weight.dim() == 2, "weight has ", a_weight.dim(), " axes, not 2 (channel, tap). Reshape it.");
  shape = {a_x.size(0), a_x.size(1), a_x.size(2), a_weight.size(1)};
  require(a_weight, "weight", parameter, {shape.channels, shape.d_conv}, a_x);
  if (a_bias) require(*a_bias, "bias", parameter, {shape.channels}, a_x);
  x = rows(a_x);
}

}  // namespace mambasynth::python
