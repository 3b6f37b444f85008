#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/causal_conv1d.hpp"

// With v = bias + sum_j weight[j] x[t - (d_conv-1) + j] and s = 1 / (1 + exp(-v)):
//   dv[t] = dout[t] s (1 + v (1 - s))        dbias = sum_t dv[t]
//   dweight[j] = sum_t dv[t] x[t - (d_conv-1) + j]        dx[t] = sum_j weight[j] dv[t + (d_conv-1) - j]
namespace mambasynth::kernels {

void check_conv(ConvShape const& shape) {
  if (shape.batch < 0 || shape.time < 0 || shape.channels < 0 || shape.d_conv < 1 || shape.d_conv > max_d_conv)
    throw std::invalid_argument(
        "causal convolution of batch " + std::to_string(shape.batch) + ", time " + std::to_string(shape.time) +
        ", channels " + std::to_string(shape.channels) + ", taps " + std::to_string(shape.d_conv) +
        " is impossible (sizes count from 0, taps from 1 to " + std::to_string(max_d_conv) + "). Correct the shape.");
}

namespace reference {
namespace {

template <class T>
T before_activation(ConvShape const& shape, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                    std::int64_t b, std::int64_t t, std::int64_t d) {
  T sum = bias[d];
  for (std::int64_t j = 0; j < shape.d_conv; ++j) {
    auto const from = t - (shape.d_conv - 1) + j;
    if (from >= 0) sum += weight[d * shape.d_conv + j] * x[(b * shape.time + from) * x_stride + d];
  }
  return sum;
}

}  // namespace

template <class T>
void causal_conv1d_forward(ConvShape const& shape, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                           T* out) {
  check_conv(shape);
  for (std::int64_t b = 0; b < shape.batch; ++b)
    for (std::int64_t t = 0; t < shape.time; ++t)
      for (std::int64_t d = 0; d < shape.channels; ++d) {
        T const v = before_activation(shape, x, x_stride, weight, bias, b, t, d);
        out[(b * shape.time + t) * shape.channels + d] = v / (T{1} + std::exp(-v));
      }
}

template <class T>
void causal_conv1d_backward(ConvShape const& shape, T const* x, std::int64_t x_stride, T const* weight, T const* bias,
                            T const* dout, T* dx, std::int64_t dx_stride, T* dweight, T* dbias) {
  check_conv(shape);
  std::fill_n(dweight, shape.channels * shape.d_conv, T{});
  std::fill_n(dbias, shape.channels, T{});
  for (std::int64_t step = 0; step < shape.batch * shape.time; ++step)
    std::fill_n(dx + step * dx_stride, shape.channels, T{});
  for (std::int64_t b = 0; b < shape.batch; ++b)
    for (std::int64_t t = 0; t < shape.time; ++t)
      for (std::int64_t d = 0; d < shape.channels; ++d) {
        T const v = before_activation(shape, x, x_stride, weight, bias, b, t, d), s = T{1} / (T{1} + std::exp(-v));
        T const dv = dout[(b * shape.time + t) * shape.channels + d] * s * (T{1} + v * (T{1} - s));
        dbias[d] += dv;
        for (std::int64_t j = 0; j < shape.d_conv; ++j) {
          auto const from = t - (shape.d_conv - 1) + j;
          if (from < 0) continue;
          dweight[d * shape.d_conv + j] += dv * x[(b * shape.time + from) * x_stride + d];
          dx[(b * shape.time + from) * dx_stride + d] += dv * weight[d * shape.d_conv + j];
        }
      }
}

template void causal_conv1d_forward(ConvShape const&, float const*, std::int64_t, float const*, float const*, float*);
template void causal_conv1d_forward(ConvShape const&, double const*, std::int64_t, double const*, double const*,
                                    double*);
template void causal_conv1d_backward(ConvShape const&, float const*, std::int64_t, float const*, float const*,
                                     float const*, float*, std::int64_t, float*, float*);
template void causal_conv1d_backward(ConvShape const&, double const*, std::int64_t, double const*, double const*,
                                     double const*, double*, std::int64_t, double*, double*);

}  // namespace reference
}  // namespace mambasynth::kernels
