#include "bench/kernel_cases.hpp"

#include <random>

#include "kernels/causal_conv1d.hpp"
#include "kernels/selective_scan.hpp"

namespace mambasynth::bench {
namespace {

namespace k = mambasynth::kernels;
using Floats = std::vector<float>;

Floats uniform(std::int64_t count, float low, float high) {
  std::mt19937 generator(42);
  std::uniform_real_distribution<float> draw(low, high);
  Floats values(static_cast<std::size_t>(count));
  for (auto& value : values) value = draw(generator);
  return values;
}

Floats zeros(std::int64_t count) { return Floats(static_cast<std::size_t>(count)); }

Result kernel_result(std::string const& name, std::vector<std::pair<std::string, std::int64_t>> shape,
                     std::int64_t tokens, std::int64_t floats_moved) {
  Result result;
  result.name = name;
  result.shape = std::move(shape);
  result.items = static_cast<double>(tokens);
  result.unit = "tokens";
  result.bytes = static_cast<double>(floats_moved) * sizeof(float);
  return result;
}

}  // namespace

std::vector<Result> scan(Sizes const& s, Effort const& effort) {
  k::ScanShape const shape{s.batch, s.time, s.model.d_inner(), s.model.d_state};
  auto const tokens = s.batch * s.time;
  auto const wide = tokens * shape.channels, narrow = tokens * shape.states;
  auto const saved = shape.batch * k::scan_chunks(shape.time) * shape.channels * shape.states;

  auto const x = uniform(wide, -1, 1), delta = uniform(wide, -1, 1), z = uniform(wide, -1, 1);
  auto const B = uniform(narrow, -1, 1), C = uniform(narrow, -1, 1);
  auto const A = uniform(shape.channels * shape.states, -static_cast<float>(shape.states), -1);
  auto const D = uniform(shape.channels, -1, 1), bias = uniform(shape.channels, -6, -2);
  k::ScanInputs<float> const in{.x = x.data(),
                                .delta = delta.data(),
                                .z = z.data(),
                                .B = B.data(),
                                .C = C.data(),
                                .x_stride = shape.channels,
                                .delta_stride = shape.channels,
                                .z_stride = shape.channels,
                                .B_stride = shape.states,
                                .C_stride = shape.states,
                                .A = A.data(),
                                .D = D.data(),
                                .delta_bias = bias.data()};
  auto out = zeros(wide), checkpoints = zeros(saved);

  std::vector<std::pair<std::string, std::int64_t>> const sizes{
      {"batch", shape.batch}, {"time", shape.time}, {"channels", shape.channels}, {"states", shape.states}};
  auto forward = kernel_result("scan_forward", sizes, tokens, 4 * wide + 2 * narrow + saved);
  measure(forward, effort,
          [&] { k::selective_scan_forward<float>(shape, in, {out.data(), checkpoints.data(), nullptr}); });

  auto const dout = uniform(wide, -1, 1);
  auto dx = zeros(wide), ddelta = zeros(wide), dz = zeros(wide), dB = zeros(narrow), dC = zeros(narrow);
  auto dA = zeros(shape.channels * shape.states), dD = zeros(shape.channels), dbias = zeros(shape.channels);
  k::ScanGradients<float> const gradients{.dout = dout.data(),
                                          .dx = dx.data(),
                                          .ddelta = ddelta.data(),
                                          .dz = dz.data(),
                                          .dB = dB.data(),
                                          .dC = dC.data(),
                                          .dz_stride = shape.channels,
                                          .dB_stride = shape.states,
                                          .dC_stride = shape.states,
                                          .dA = dA.data(),
                                          .dD = dD.data(),
                                          .ddelta_bias = dbias.data()};
  auto backward = kernel_result("scan_backward", sizes, tokens, 7 * wide + 4 * narrow + saved);
  measure(backward, effort, [&] { k::selective_scan_backward<float>(shape, in, checkpoints.data(), gradients); });
  return {forward, backward};
}

std::vector<Result> conv(Sizes const& s, Effort const& effort) {
  k::ConvShape const shape{s.batch, s.time, s.model.d_inner(), s.model.d_conv};
  auto const tokens = s.batch * s.time;
  auto const wide = tokens * shape.channels;
  auto const x = uniform(wide, -1, 1), weight = uniform(shape.channels * shape.d_conv, -1, 1);
  auto const bias = uniform(shape.channels, -1, 1), dout = uniform(wide, -1, 1);
  auto out = zeros(wide), dx = zeros(wide), dweight = zeros(shape.channels * shape.d_conv),
       dbias = zeros(shape.channels);
  std::vector<std::pair<std::string, std::int64_t>> const sizes{
      {"batch", shape.batch}, {"time", shape.time}, {"channels", shape.channels}, {"taps", shape.d_conv}};
  auto forward = kernel_result("conv_forward", sizes, tokens, 2 * wide);
  measure(forward, effort, [&] {
    k::causal_conv1d_forward<float>(shape, x.data(), shape.channels, weight.data(), bias.data(), out.data());
  });
  auto backward = kernel_result("conv_backward", sizes, tokens, 3 * wide);
  measure(backward, effort, [&] {
    k::causal_conv1d_backward<float>(shape, x.data(), shape.channels, weight.data(), bias.data(), dout.data(),
                                     dx.data(), shape.channels, dweight.data(), dbias.data());
  });
  return {forward, backward};
}

}  // namespace mambasynth::bench
