#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/recurrent_step.hpp"

namespace mambasynth::kernels {

void check_recurrent(RecurrentDimensions const& s) {
  bool const sizes =
      s.channels >= 1 && s.features >= 1 && s.inner >= 1 && s.states >= 1 && s.rank >= 1 && s.hidden >= 1;
  if (sizes && s.layers >= 0 && s.heads >= 0 && s.d_conv >= 2) return;
  auto const text = [](std::int64_t v) { return std::to_string(v); };
  throw std::invalid_argument(
      "a recurrent step of channels " + text(s.channels) + ", features " + text(s.features) + ", layers " +
      text(s.layers) + ", inner " + text(s.inner) + ", states " + text(s.states) + ", rank " + text(s.rank) +
      ", taps " + text(s.d_conv) + ", hidden " + text(s.hidden) + ", heads " + text(s.heads) +
      " is impossible (sizes count from 1, layers and heads from 0, taps from 2). Correct the shape.");
}

namespace reference {
namespace {

template <class T>
using Vector = std::vector<T>;

/// weight (out, in) times v, plus bias if there is one.
template <class T>
Vector<T> linear(T const* weight, T const* bias, std::int64_t outputs, Vector<T> const& v) {
  Vector<T> out(static_cast<std::size_t>(outputs));
  for (std::size_t o = 0; o < out.size(); ++o) {
    T sum{};
    for (std::size_t i = 0; i < v.size(); ++i) sum += weight[o * v.size() + i] * v[i];
    out[o] = bias ? sum + bias[o] : sum;
  }
  return out;
}

template <class T>
Vector<T> norm(T const* weight, T const* bias, Vector<T> const& h) {
  T mean{}, variance{};
  auto const count = static_cast<T>(h.size());
  for (T v : h) mean += v / count;
  for (T v : h) variance += (v - mean) * (v - mean) / count;
  auto u = h;
  for (std::size_t f = 0; f < u.size(); ++f)
    u[f] = (h[f] - mean) / std::sqrt(variance + static_cast<T>(1e-5)) * weight[f] + bias[f];
  return u;
}

template <class T>
T silu(T v) {
  return v / (T{1} + std::exp(-v));
}
template <class T>
T softplus(T v) {
  return v > T{20} ? v : std::log1p(std::exp(v));
}

/// What a layer adds to the residual stream. window: (d_conv - 1, inner), oldest first; s: (inner, state).
template <class T>
Vector<T> block(RecurrentDimensions const& dimensions, RecurrentLayer<T> const& w, Vector<T> const& u, T* window, T* s,
                bool keep) {
  auto const inner = dimensions.inner, states = dimensions.states, before = dimensions.d_conv - 1;
  auto const xz = linear(w.in_proj, static_cast<T const*>(nullptr), 2 * inner, u);
  auto const at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  Vector<T> x(at(inner));
  for (std::int64_t d = 0; d < inner; ++d) {
    T sum = w.conv_bias[d] + w.conv_weight[d * dimensions.d_conv + before] * xz[at(d)];
    for (std::int64_t j = 0; j < before; ++j) sum += w.conv_weight[d * dimensions.d_conv + j] * window[j * inner + d];
    x[at(d)] = silu(sum);
  }
  auto const dbl = linear(w.x_proj, static_cast<T const*>(nullptr), dimensions.rank + 2 * states, x);
  auto const* B = dbl.data() + dimensions.rank;
  auto const* C = B + states;
  auto const raw = linear(w.dt_weight, w.dt_bias, inner, Vector<T>(dbl.begin(), dbl.begin() + dimensions.rank));
  Vector<T> y(at(inner));
  for (std::int64_t d = 0; d < inner; ++d) {
    T const delta = softplus(raw[at(d)]);
    T sum = w.D[d] * x[at(d)];
    for (std::int64_t n = 0; n < states; ++n) {
      T const next = std::exp(delta * -std::exp(w.A_log[d * states + n])) * s[d * states + n] + delta * B[n] * x[at(d)];
      sum += C[n] * next;
      if (keep) s[d * states + n] = next;
    }
    y[at(d)] = sum * silu(xz[at(inner + d)]);
  }
  if (keep) {
    std::copy(window + inner, window + before * inner, window);
    std::copy_n(xz.begin(), inner, window + (before - 1) * inner);
  }
  return linear(w.out_proj, static_cast<T const*>(nullptr), dimensions.features, y);
}

}  // namespace

std::int64_t recurrent_state_size(RecurrentDimensions const& s) {
  return s.layers * s.inner * (s.d_conv - 1 + s.states);
}

template <class T>
void recurrent_step(RecurrentDimensions const& dimensions, RecurrentWeights<T> const& weights,
                    RecurrentStep<T> const& step) {
  check_recurrent(dimensions);
  for (std::int64_t b = 0; b < step.sequences; ++b) {
    auto const* x = step.x + b * dimensions.channels;
    auto h =
        linear(weights.input_weight, weights.input_bias, dimensions.features, Vector<T>(x, x + dimensions.channels));
    auto* state = step.state + b * recurrent_state_size(dimensions);
    for (std::int64_t i = 0; i < dimensions.layers; ++i) {
      auto const& layer = weights.layers[i];
      auto const out = block(dimensions, layer, norm(layer.norm_weight, layer.norm_bias, h), state,
                             state + (dimensions.d_conv - 1) * dimensions.inner, step.keep);
      state += dimensions.inner * (dimensions.d_conv - 1 + dimensions.states);
      for (std::size_t f = 0; f < h.size(); ++f) {
        h[f] += out[f];
        if (step.noise)
          h[f] += step.noise[(b * dimensions.layers + i) * dimensions.features + static_cast<std::int64_t>(f)];
      }
    }
    h = norm(weights.final_weight, weights.final_bias, h);
    for (std::int64_t k = 0; k < step.heads; ++k) {
      auto const& head = weights.heads[k];
      auto a = linear(head.weight0, head.bias0, dimensions.hidden, h);
      for (T& v : a) v *= T{0.5} * (T{1} + std::erf(v * static_cast<T>(0.70710678118654752440)));
      auto const prediction = linear(head.weight2, head.bias2, dimensions.channels, a);
      std::copy(prediction.begin(), prediction.end(), step.predictions + (b * step.heads + k) * dimensions.channels);
    }
  }
}

template void recurrent_step(RecurrentDimensions const&, RecurrentWeights<float> const&, RecurrentStep<float> const&);
template void recurrent_step(RecurrentDimensions const&, RecurrentWeights<double> const&, RecurrentStep<double> const&);

}  // namespace reference
}  // namespace mambasynth::kernels
