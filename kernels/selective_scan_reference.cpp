#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/selective_scan.hpp"

// With s(v) = 1 / (1 + exp(-v)), a[t] = exp(delta[t] A), g[t] = dL/dh[t], for one channel d and state n:
//   dy[t]  = dout[t] silu(z[t])                       dz[t] = dout[t] y[t] s(z) (1 + z (1 - s(z)))
//   g[t]   = dy[t] C[t,n] + a[t+1] g[t+1]             dC[t,n] += dy[t] h[t]         dB[t,n] += g[t] delta[t] x[t]
//   dA     += g[t] a[t] h[t-1] delta[t]               dD += dy[t] x[t]
//   dx[t]  = dy[t] D + delta[t] sum_n g[t] B[t,n]
//   ddelta[t] = (sum_n g[t] a[t] h[t-1] A + x[t] sum_n g[t] B[t,n]) s(delta_raw[t] + delta_bias)   (s = 1 above 20)
namespace mambasynth::kernels {

void check_scan(ScanShape const& shape) {
  if (shape.batch < 0 || shape.time < 0 || shape.channels < 0 || shape.states < 1 || shape.states > scan_max_states)
    throw std::invalid_argument("selective scan of batch " + std::to_string(shape.batch) + ", time " +
                                std::to_string(shape.time) + ", channels " + std::to_string(shape.channels) +
                                ", states " + std::to_string(shape.states) +
                                " is impossible (sizes count from 0, states from 1 to " +
                                std::to_string(scan_max_states) + "). Correct the shape.");
}

namespace reference {
namespace {

template <class T>
T sigmoid(T v) {
  return T{1} / (T{1} + std::exp(-v));
}
template <class T>
T softplus(T v) {
  return v > T{20} ? v : std::log1p(std::exp(v));
}
template <class T>
T softplus_slope(T v) {
  return v > T{20} ? T{1} : sigmoid(v);
}
/// Of a channel, where the array is given.
template <class T>
T value_or_zero(T const* array, std::int64_t d) {
  return array ? array[d] : T{};
}
template <class T>
T raw_delta(ScanInputs<T> const& in, std::int64_t step, std::int64_t d) {
  return in.delta[step * in.delta_stride + d] + value_or_zero(in.delta_bias, d);
}
template <class T>
T delta_at(ScanInputs<T> const& in, std::int64_t step, std::int64_t d) {
  T const raw = raw_delta(in, step, d);
  return in.softplus ? softplus(raw) : raw;
}

}  // namespace

template <class T>
void selective_scan_forward(ScanShape const& shape, ScanInputs<T> const& in, ScanOutputs<T> const& outputs) {
  check_scan(shape);
  auto const states = shape.states;
  for (std::int64_t b = 0; b < shape.batch; ++b)
    for (std::int64_t d = 0; d < shape.channels; ++d) {
      std::vector<T> h(static_cast<std::size_t>(states));
      for (std::int64_t t = 0; t < shape.time; ++t) {
        auto const step = b * shape.time + t;
        if (outputs.checkpoints && t % scan_chunk == 0) {
          auto const chunk = b * scan_chunks(shape.time) + t / scan_chunk;
          std::copy(h.begin(), h.end(), outputs.checkpoints + (chunk * shape.channels + d) * states);
        }
        T const x = in.x[step * in.x_stride + d], delta = delta_at(in, step, d);
        T y = value_or_zero(in.D, d) * x;
        for (std::int64_t n = 0; n < states; ++n) {
          auto& h_n = h[static_cast<std::size_t>(n)];
          h_n = std::exp(delta * in.A[d * states + n]) * h_n + delta * in.B[step * in.B_stride + n] * x;
          y += in.C[step * in.C_stride + n] * h_n;
        }
        T const z = in.z ? in.z[step * in.z_stride + d] : T{};
        outputs.out[step * shape.channels + d] = in.z ? y * z * sigmoid(z) : y;
      }
      if (outputs.last_state) std::copy(h.begin(), h.end(), outputs.last_state + (b * shape.channels + d) * states);
    }
}

template <class T>
void selective_scan_backward(ScanShape const& shape, ScanInputs<T> const& in, T const*,
                             ScanGradients<T> const& gradients) {
  check_scan(shape);
  auto const states = shape.states, time = shape.time;
  std::fill_n(gradients.dA, shape.channels * states, T{});
  if (in.D) std::fill_n(gradients.dD, shape.channels, T{});
  if (in.delta_bias) std::fill_n(gradients.ddelta_bias, shape.channels, T{});
  for (std::int64_t step = 0; step < shape.batch * time; ++step) {
    std::fill_n(gradients.dB + step * gradients.dB_stride, states, T{});
    std::fill_n(gradients.dC + step * gradients.dC_stride, states, T{});
  }
  auto const at = [&](std::int64_t t, std::int64_t n) { return static_cast<std::size_t>(t * states + n); };
  std::vector<T> h(static_cast<std::size_t>((time + 1) * states));  // h[t] before step t
  for (std::int64_t b = 0; b < shape.batch; ++b)
    for (std::int64_t d = 0; d < shape.channels; ++d) {
      T const* A = in.A + d * states;
      for (std::int64_t t = 0; t < time; ++t) {
        auto const step = b * time + t;
        T const delta = delta_at(in, step, d), x = in.x[step * in.x_stride + d];
        for (std::int64_t n = 0; n < states; ++n)
          h[at(t + 1, n)] = std::exp(delta * A[n]) * h[at(t, n)] + delta * in.B[step * in.B_stride + n] * x;
      }
      std::vector<T> carry(static_cast<std::size_t>(states));  // a[t+1] g[t+1]
      for (auto t = time - 1; t >= 0; --t) {
        auto const step = b * time + t;
        T const x = in.x[step * in.x_stride + d], delta = delta_at(in, step, d);
        T const z = in.z ? in.z[step * in.z_stride + d] : T{}, s = sigmoid(z);
        T const dout = gradients.dout[step * shape.channels + d], dy = in.z ? dout * z * s : dout;
        T y = value_or_zero(in.D, d) * x, sum_B{}, sum_decay{};
        for (std::int64_t n = 0; n < states; ++n) {
          T const B = in.B[step * in.B_stride + n], C = in.C[step * in.C_stride + n];
          auto& carry_n = carry[static_cast<std::size_t>(n)];
          T const g = dy * C + carry_n;
          carry_n = std::exp(delta * A[n]) * g;
          T const in_exponent = carry_n * h[at(t, n)];
          y += C * h[at(t + 1, n)];
          sum_B += g * B;
          sum_decay += in_exponent * A[n];
          gradients.dA[d * states + n] += in_exponent * delta;
          gradients.dB[step * gradients.dB_stride + n] += g * delta * x;
          gradients.dC[step * gradients.dC_stride + n] += dy * h[at(t + 1, n)];
        }
        T const slope = in.softplus ? softplus_slope(raw_delta(in, step, d)) : T{1};
        T const ddelta = (sum_decay + x * sum_B) * slope;
        gradients.dx[step * shape.channels + d] = dy * value_or_zero(in.D, d) + delta * sum_B;
        gradients.ddelta[step * shape.channels + d] = ddelta;
        if (in.z) gradients.dz[step * gradients.dz_stride + d] = dout * y * s * (T{1} + z * (T{1} - s));
        if (in.D) gradients.dD[d] += dy * x;
        if (in.delta_bias) gradients.ddelta_bias[d] += ddelta;
      }
    }
}

template void selective_scan_forward(ScanShape const&, ScanInputs<float> const&, ScanOutputs<float> const&);
template void selective_scan_forward(ScanShape const&, ScanInputs<double> const&, ScanOutputs<double> const&);
template void selective_scan_backward(ScanShape const&, ScanInputs<float> const&, float const*,
                                      ScanGradients<float> const&);
template void selective_scan_backward(ScanShape const&, ScanInputs<double> const&, double const*,
                                      ScanGradients<double> const&);

}  // namespace reference
}  // namespace mambasynth::kernels
