#include <cmath>

#include "kernels/gelu.hpp"

// d/da a Phi(a) = Phi(a) + a phi(a),   phi(a) = exp(-a^2 / 2) / sqrt(2 pi)
namespace mambasynth::kernels::reference {
namespace {

template <class T>
T normal_cdf(T a) {
  return static_cast<T>(0.5) * std::erfc(-a * static_cast<T>(0.70710678118654752440));
}

}  // namespace

template <class T>
void gelu_forward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T* out) {
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    T const a = pre[i] + bias[i % columns];
    out[i] = a * normal_cdf(a);
  }
}

template <class T>
void gelu_backward(std::int64_t rows, std::int64_t columns, T const* pre, Parameter<T> const* bias, T const* dout,
                   T* dpre, Parameter<T>* dbias) {
  for (std::int64_t c = 0; c < columns; ++c) {
    T sum{};
    for (std::int64_t row = 0; row < rows; ++row) {
      auto const i = row * columns + c;
      T const a = pre[i] + bias[c];
      T const density = std::exp(static_cast<T>(-0.5) * a * a) * static_cast<T>(0.39894228040143267794);
      dpre[i] = dout[i] * (normal_cdf(a) + a * density);
      sum += dpre[i];
    }
    dbias[c] = sum;
  }
}

template void gelu_forward(std::int64_t, std::int64_t, float const*, float const*, float*);
template void gelu_forward(std::int64_t, std::int64_t, double const*, double const*, double*);
template void gelu_backward(std::int64_t, std::int64_t, float const*, float const*, float const*, float*, float*);
template void gelu_backward(std::int64_t, std::int64_t, double const*, double const*, double const*, double*, double*);

}  // namespace mambasynth::kernels::reference
