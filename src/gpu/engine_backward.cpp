#include "gpu/current_stream.hpp"
#include "gpu/engine.hpp"
#include "gpu/tensors.hpp"
#include "kernels/causal_conv1d.hpp"
#include "kernels/gelu.hpp"

// The backward pass: each head and each block by hand, in the order that reuses one set of scratch arrays.
namespace mambasynth::gpu {
namespace k = kernels;

namespace {
std::string layer_name(std::size_t index) { return "layers." + std::to_string(index) + "."; }
}  // namespace

template <class T>
void Engine<T>::head_backward(std::int64_t batch, std::size_t head) {
  auto const m = batch * room_.time;
  auto const& w = weights_.heads()[head];
  auto const rows = [m](at::Tensor const& t) { return t.narrow(0, 0, m); };
  auto const width = weights_.width();
  auto const name = "output_heads." + std::to_string(horizons_[head]) + ".0.";
  auto const dweight2 =
      padded_gradient_
          .narrow(0, n_.features * width + static_cast<std::int64_t>(head) * width * n_.hidden, width * n_.hidden)
          .view({width, n_.hidden});
  multiply_fp32(dweight2, rows(dprediction_).t(), rows(hidden_));
  multiply(rows(hidden_), rows(dprediction_), w.weight2);
  k::cuda::gelu_backward<T>(m, n_.hidden, data<T>(hidden_pre_), w.bias0, data<T>(hidden_), data<T>(hidden_),
                            gradient_of(name + "bias"), bytes(workspace_), current_stream());
  multiply_fp32(gradient_matrix(name + "weight", n_.hidden, n_.features), rows(hidden_).t(), rows(u_));
  if (head == 0) multiply(rows(du_), rows(hidden_), w.weight0);
  else multiply_add(rows(du_), rows(hidden_), w.weight0);
}

template <class T>
void Engine<T>::norm_backward(std::size_t site, bool first, std::int64_t batch, Dropout const& dropout) {
  bool const last = site == weights_.layers().size();
  auto const& layer = layers_[site];
  auto const name = last ? std::string("final_norm.") : layer_name(site) + "norm.";
  auto own = dropout;
  own.key.site = static_cast<std::uint32_t>(site);
  bool const masked = dropout.p > 0;
  k::cuda::residual_norm_backward<T>({batch, room_.time, n_.features}, own, data<T>(layer.h), data<float>(layer.mean),
                                     data<float>(layer.inverse_deviation),
                                     last ? weights_.final_weight() : weights_.layers()[site].norm_weight,
                                     {.du = data<T>(du_),
                                      .dresidual = first ? nullptr : data<T>(dh_),
                                      .dh = data<T>(dh_),
                                      .dbranch = masked ? data<T>(dbranch_) : nullptr,
                                      .dgamma = gradient_of(name + "weight"),
                                      .dbeta = gradient_of(name + "bias"),
                                      .dbranch_bias = site == 0 ? gradient_of("input_proj.bias") : nullptr},
                                     bytes(workspace_), current_stream());
}

template <class T>
void Engine<T>::block_backward(std::size_t index, std::int64_t batch, at::Tensor const& dmix) {
  auto const m = batch * room_.time;
  auto const& layer = layers_[index];
  auto const& w = weights_.layers()[index];
  auto const rows = [m](at::Tensor const& t) { return t.narrow(0, 0, m); };
  auto const mamba = layer_name(index) + "mamba.";
  multiply_fp32(gradient_matrix(mamba + "out_proj.weight", n_.features, n_.inner), rows(dmix).t(), rows(layer.out));
  // out has had its last use: its gradient takes its place.
  auto const& dout = layer.out;
  multiply(rows(dout), rows(dmix), w.out_proj);

  k::cuda::norm_again<T>({batch, room_.time, n_.features}, data<T>(layer.h), data<float>(layer.mean),
                         data<float>(layer.inverse_deviation), w.norm_weight, w.norm_bias, data<T>(u_),
                         current_stream());
  convolve(layer, w, batch);
  auto const dt = rows(layer.x_dbl).narrow(1, 0, n_.rank);
  multiply(rows(delta_), dt, w.dt_proj.t());

  auto* dbl = data<T>(dx_dbl_);
  k::cuda::selective_scan_backward<T>(scan_shape(batch), scan_inputs(layer, w), bytes(layer.saved),
                                      {.dout = data<T>(dout),
                                       .dx = data<T>(dx_),
                                       .ddelta = data<T>(ddelta_),
                                       .dz = data<T>(dxz_) + n_.inner,
                                       .dB = dbl + n_.rank,
                                       .dC = dbl + n_.rank + n_.states,
                                       .dz_stride = 2 * n_.inner,
                                       .dB_stride = n_.dbl,
                                       .dC_stride = n_.dbl,
                                       .dA = gradient_of(mamba + "A_log"),
                                       .dD = gradient_of(mamba + "D"),
                                       .ddelta_bias = gradient_of(mamba + "dt_proj.bias")},
                                      bytes(workspace_), current_stream());
  // A = -exp(A_log), so dA_log = dA A.
  auto const parts = weights_.A_log_parts();
  k::cuda::scale_by({1, parts.count, parts.stride}, data<float>(w.A), gradient_of(mamba + "A_log"), current_stream());
  multiply_fp32(gradient_matrix(mamba + "dt_proj.weight", n_.inner, n_.rank), rows(ddelta_).t(), dt);
  multiply(rows(dx_dbl_).narrow(1, 0, n_.rank), rows(ddelta_), w.dt_proj);
  multiply_fp32(gradient_matrix(mamba + "x_proj.weight", n_.dbl, n_.inner), rows(dx_dbl_).t(), rows(x_conv_));
  multiply_add(rows(dx_), rows(dx_dbl_), w.x_proj);
  k::cuda::causal_conv1d_backward<T>({batch, room_.time, n_.inner, n_.taps}, data<T>(layer.xz), 2 * n_.inner,
                                     w.conv_weight, w.conv_bias, data<T>(dx_), data<T>(dxz_), 2 * n_.inner,
                                     gradient_of(mamba + "conv1d.weight"), gradient_of(mamba + "conv1d.bias"),
                                     bytes(workspace_), current_stream());
  multiply_fp32(gradient_matrix(mamba + "in_proj.weight", 2 * n_.inner, n_.features), rows(dxz_).t(), rows(u_));
  multiply(rows(du_), rows(dxz_), w.in_proj);
}

template <class T>
void Engine<T>::unpack_gradients(std::int64_t first, std::int64_t count) {
  k::cuda::unpack(reinterpret_cast<k::cuda::Segment const*>(bytes(padded_segments_)) + first, count, largest_segment_,
                  data<float>(padded_gradient_), data<float>(gradient_), current_stream());
}

template <class T>
void Engine<T>::losses_and_backward(std::int64_t batch, Dropout const& dropout, std::int64_t of, Ready const& ready,
                                    Pull const& pull) {
  at::NoGradGuard const no_grad;
  auto const m = batch * room_.time;
  std::size_t complete = 0;
  auto const tell = [&] {
    auto const& stretch = stretches_[complete++];
    if (ready) ready(stretch.first, stretch.last);
  };
  window_sums_.zero_();  // a short batch leaves its end untouched, and the optimizer sums all of it
  for (std::size_t head = 0; head < horizons_.size(); ++head) {
    head_forward(batch, head);
    loss(batch, head, of > 0 ? of : batch);
    head_backward(batch, head);
  }
  auto const& dmix = dropout.p > 0 ? dbranch_ : dh_;
  auto const layers = weights_.layers().size();
  auto const pull_at = [&](std::size_t site) {
    if (pull) pull(static_cast<std::int64_t>(site) - 1, layers_[site].h.narrow(0, 0, m), dh_.narrow(0, 0, m));
  };
  // Behind the last layer nothing else reaches the residual sum but the norm.
  if (pull) dh_.zero_();
  pull_at(layers);
  norm_backward(layers, !pull, batch, dropout);
  unpack_gradients(1, segments_ - 1);  // the heads'
  tell();
  for (auto i = layers; i-- > 0;) {
    block_backward(i, batch, dmix);
    if (i > 0) pull_at(i);
    norm_backward(i, false, batch, dropout);
    if (i > 0) tell();
  }
  auto const width = weights_.width();
  multiply_fp32(padded_gradient_.narrow(0, 0, n_.features * width).view({n_.features, width}), dmix.narrow(0, 0, m).t(),
                padded_.narrow(0, 0, m));
  unpack_gradients(0, 1);
  tell();
}

template <class T>
void Engine<T>::one_block_backward(std::int64_t batch, Dropout const& dropout) {
  at::NoGradGuard const no_grad;
  norm_backward(1, true, batch, dropout);
  block_backward(0, batch, dropout.p > 0 ? dbranch_ : dh_);
}

template void Engine<float>::one_block_backward(std::int64_t, Dropout const&);
template void Engine<k::BFloat16>::one_block_backward(std::int64_t, Dropout const&);
template void Engine<float>::losses_and_backward(std::int64_t, Dropout const&, std::int64_t, Ready const&, Pull const&);
template void Engine<k::BFloat16>::losses_and_backward(std::int64_t, Dropout const&, std::int64_t, Ready const&,
                                                       Pull const&);

}  // namespace mambasynth::gpu
