#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/residual_norm.hpp"

// With n = (h - mean) / deviation and g = du gamma, over the features of a row:
//   dh = dresidual + (g - mean(g) - n mean(g n)) / deviation        dgamma = sum over rows of du n        dbeta = of du
namespace mambasynth::kernels::reference {
namespace {

void check_norm(NormShape const& s) {
  if (s.samples < 0 || s.steps < 0 || s.features < 1)
    throw std::invalid_argument(
        "norm of " + std::to_string(s.samples) + " samples of " + std::to_string(s.steps) + " steps of " +
        std::to_string(s.features) +
        " features is impossible (features count from 1, the others from 0). Correct the shape.");
}

template <class T>
void drop(NormShape const& s, NormDropout const& d, T* values) {
  if (d.p > 0) reference::dropout(d.key, d.p, d.first_sample, s.samples, s.steps * s.features, values, values);
}

}  // namespace

template <class T>
void residual_norm_forward(NormShape const& s, NormDropout const& d, NormInputs<T> const& in,
                           NormOutputs<T> const& out) {
  check_norm(s);
  check_dropout(d.p, s.steps * s.features);
  auto const f = s.features;
  std::vector<T> branch(in.branch, in.branch + s.rows() * f);
  if (in.branch_bias != nullptr)
    for (std::int64_t i = 0; i < s.rows() * f; ++i) branch[static_cast<std::size_t>(i)] += in.branch_bias[i % f];
  drop(s, d, branch.data());
  for (std::int64_t row = 0; row < s.rows(); ++row) {
    T sum{}, squares{};
    T* const h = out.h + row * f;
    for (std::int64_t c = 0; c < f; ++c) {
      h[c] = branch[static_cast<std::size_t>(row * f + c)] + (in.residual != nullptr ? in.residual[row * f + c] : T{});
      sum += h[c];
    }
    T const mean = sum / static_cast<T>(f);
    for (std::int64_t c = 0; c < f; ++c) squares += (h[c] - mean) * (h[c] - mean);
    T const inverse = 1 / std::sqrt(squares / static_cast<T>(f) + static_cast<T>(norm_epsilon));
    for (std::int64_t c = 0; c < f; ++c) out.u[row * f + c] = (h[c] - mean) * inverse * in.gamma[c] + in.beta[c];
    if (out.mean == nullptr) continue;
    out.mean[row] = static_cast<float>(mean);
    out.rstd[row] = static_cast<float>(inverse);
  }
}

template <class T>
void residual_norm_backward(NormShape const& s, NormDropout const& d, T const* h, float const* mean, float const* rstd,
                            Parameter<T> const* gamma, NormGradients<T> const& g) {
  check_norm(s);
  check_dropout(d.p, s.steps * s.features);
  auto const f = s.features;
  std::fill_n(g.dgamma, f, T{});
  std::fill_n(g.dbeta, f, T{});
  for (std::int64_t row = 0; row < s.rows(); ++row) {
    T const middle = static_cast<T>(mean[row]), inverse = static_cast<T>(rstd[row]);
    auto const n = [&](std::int64_t c) { return (h[row * f + c] - middle) * inverse; };
    T sum{}, along{};
    for (std::int64_t c = 0; c < f; ++c) {
      T const du = g.du[row * f + c];
      g.dbeta[c] += du;
      g.dgamma[c] += du * n(c);
      sum += du * gamma[c];
      along += du * gamma[c] * n(c);
    }
    sum /= static_cast<T>(f);
    along /= static_cast<T>(f);
    for (std::int64_t c = 0; c < f; ++c) {
      T const before = g.dresidual != nullptr ? g.dresidual[row * f + c] : T{};
      g.dh[row * f + c] = before + inverse * (g.du[row * f + c] * gamma[c] - sum - n(c) * along);
    }
  }
  std::vector<T> dbranch(g.dh, g.dh + s.rows() * f);
  drop(s, d, dbranch.data());
  if (g.dbranch != nullptr) std::copy(dbranch.begin(), dbranch.end(), g.dbranch);
  if (g.dbranch_bias == nullptr) return;
  std::fill_n(g.dbranch_bias, f, T{});
  for (std::int64_t i = 0; i < s.rows() * f; ++i) g.dbranch_bias[i % f] += dbranch[static_cast<std::size_t>(i)];
}

template void residual_norm_forward(NormShape const&, NormDropout const&, NormInputs<float> const&,
                                    NormOutputs<float> const&);
template void residual_norm_forward(NormShape const&, NormDropout const&, NormInputs<double> const&,
                                    NormOutputs<double> const&);
template void residual_norm_backward(NormShape const&, NormDropout const&, float const*, float const*, float const*,
                                     float const*, NormGradients<float> const&);
template void residual_norm_backward(NormShape const&, NormDropout const&, double const*, float const*, float const*,
                                     double const*, NormGradients<double> const&);

}  // namespace mambasynth::kernels::reference
