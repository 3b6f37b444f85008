#include "gpu/current_stream.hpp"
#include "gpu/engine.hpp"
#include "gpu/tensors.hpp"
#include "kernels/causal_conv1d.hpp"
#include "kernels/gelu.hpp"

// The backward pass: each head and each block by hand, in the order that reuses one set of scratch arrays.
namespace mambasynth::gpu {
namespace k = kernels;

template <class T>
void Engine<T>::head_backward(std::int64_t batch, std::size_t head) {
  auto const m = batch * capacity_.time;
  auto const& w = weights_.views().heads[head];
  auto const& g = gradients_.heads[head];
  auto const rows = [m](at::Tensor const& t) { return t.narrow(0, 0, m); };
  multiply_fp32(g.weight2, rows(dprediction_).t(), rows(hidden_));
  multiply(rows(hidden_), rows(dprediction_), w.weight2);
  k::cuda::gelu_backward<T>(m, dims_.hidden, data<T>(hidden_pre_), data<float>(w.bias0), data<T>(hidden_),
                            data<T>(hidden_), data<float>(g.bias0), bytes(workspace_), current_stream());
  multiply_fp32(g.weight0, rows(hidden_).t(), rows(u_));
  if (head == 0) multiply(rows(du_), rows(hidden_), w.weight0);
  else multiply_add(rows(du_), rows(hidden_), w.weight0);
}

template <class T>
void Engine<T>::norm_backward(std::size_t site, bool first, std::int64_t batch, Dropout const& dropout) {
  bool const last = site == weights_.layers().size();
  auto const& layer = layers_[site];
  auto const& w = weights_.views();
  auto const& g = gradients_;
  auto own = dropout;
  own.key.site = static_cast<std::uint32_t>(site);
  bool const masked = dropout.p > 0;
  k::cuda::residual_norm_backward<T>({batch, capacity_.time, dims_.features}, own, data<T>(layer.h),
                                     data<float>(layer.mean), data<float>(layer.rstd),
                                     data<float>(last ? w.final_weight : w.layers[site].norm_weight),
                                     {.du = data<T>(du_),
                                      .dresidual = first ? nullptr : data<T>(dh_),
                                      .dh = data<T>(dh_),
                                      .dbranch = masked ? data<T>(dbranch_) : nullptr,
                                      .dgamma = data<float>(last ? g.final_weight : g.layers[site].norm_weight),
                                      .dbeta = data<float>(last ? g.final_bias : g.layers[site].norm_bias),
                                      .dbranch_bias = site == 0 ? data<float>(g.input_bias) : nullptr},
                                     bytes(workspace_), current_stream());
}

template <class T>
void Engine<T>::block_backward(std::size_t index, std::int64_t batch, at::Tensor const& dmix) {
  auto const m = batch * capacity_.time;
  auto const& layer = layers_[index];
  auto const& w = weights_.layers()[index];
  auto const rows = [m](at::Tensor const& t) { return t.narrow(0, 0, m); };
  auto const& g = gradients_.layers[index];
  multiply(rows(out_), rows(dmix), w.out_proj);  // dout, which the scan replaces by out

  k::cuda::norm_recompute<T>({batch, capacity_.time, dims_.features}, data<T>(layer.h), data<float>(layer.mean),
                             data<float>(layer.rstd), data<float>(w.norm_weight), data<float>(w.norm_bias), data<T>(u_),
                             current_stream());
  if constexpr (recomputes_xz) project(index, batch);
  convolve(index, batch);
  auto const dt = rows(layer.x_dbl).narrow(1, 0, dims_.rank);
  auto* dbl = data<T>(dx_dbl_);
  auto const* x_dbl = data<T>(layer.x_dbl);
  k::ScanGradients<T> const gradients{.dout = data<T>(out_),
                                      .dx = data<T>(dx_),
                                      .ddelta = data<T>(ddelta_),
                                      .dz = data<T>(dxz_) + dims_.inner,
                                      .dB = dbl + dims_.rank,
                                      .dC = dbl + dims_.rank + dims_.states,
                                      .dz_stride = 2 * dims_.inner,
                                      .dB_stride = dims_.x_dbl,
                                      .dC_stride = dims_.x_dbl,
                                      .dA = data<float>(g.mixer.A_log),
                                      .dD = data<float>(g.mixer.D),
                                      .ddelta_bias = data<float>(g.mixer.dt_proj_bias)};
  k::cuda::DeltaFactors<T> const factors{x_dbl, data<T>(w.mixer.dt_proj_weight), dims_.x_dbl, dims_.rank};
  bool const in_scan = k::cuda::scan_backward_takes(factors, scan_shape(batch), scan_inputs(index), gradients);
  if (!in_scan) multiply(rows(delta_), dt, w.mixer.dt_proj_weight.t());
  k::cuda::selective_scan_backward<T>(scan_shape(batch), scan_inputs(index), bytes(layer.saved), gradients,
                                      bytes(workspace_), current_stream(), data<T>(out_), in_scan ? &factors : nullptr);
  multiply_fp32(g.out_proj, rows(dmix).t(), rows(out_));
  // A = -exp(A_log), so dA_log = dA A.
  k::cuda::scale_by({1, dims_.inner * dims_.states, 0}, weights_.A(index), data<float>(g.mixer.A_log),
                    current_stream());
  multiply_fp32(g.mixer.dt_proj_weight, rows(ddelta_).t(), dt);
  multiply(rows(dx_dbl_).narrow(1, 0, dims_.rank), rows(ddelta_), w.mixer.dt_proj_weight);
  multiply_fp32(g.mixer.x_proj, rows(dx_dbl_).t(), rows(x_conv_));
  multiply_add(rows(dx_), rows(dx_dbl_), w.mixer.x_proj);
  k::cuda::causal_conv1d_backward<T>({batch, capacity_.time, dims_.inner, dims_.d_conv}, data<T>(layer.xz),
                                     2 * dims_.inner, data<float>(w.mixer.conv_weight), data<float>(w.mixer.conv_bias),
                                     data<T>(dx_), data<T>(dxz_), 2 * dims_.inner, data<float>(g.mixer.conv_weight),
                                     data<float>(g.mixer.conv_bias), bytes(workspace_), current_stream());
  multiply_fp32(g.in_proj, rows(dxz_).t(), rows(u_));
  multiply(rows(du_), rows(dxz_), w.in_proj);
}

template <class T>
void Engine<T>::unpack_gradients(std::int64_t first, std::int64_t count) {
  k::cuda::unpack(reinterpret_cast<k::cuda::Segment const*>(bytes(padded_segments_)) + first, count, largest_segment_,
                  data<float>(padded_gradient_), data<float>(gradient_), current_stream());
}

template <class T>
void Engine<T>::backward(std::int64_t batch, Dropout const& dropout, LossHooks const& hooks, BucketReady const& ready) {
  at::NoGradGuard const no_grad;
  auto const m = batch * capacity_.time;
  std::size_t complete = 0;
  auto const complete_bucket = [&] {
    auto const& bucket = buckets_[complete++];
    if (ready) ready(bucket.first, bucket.last);
  };
  for (std::size_t head = 0; head < horizons_.size(); ++head) {
    head_forward(batch, head);
    hooks.prediction(head, head_output(batch, head, /*with_gradient=*/true));
    head_backward(batch, head);
  }
  auto const& dmix = dropout.p > 0 ? dbranch_ : dh_;
  auto const layers = weights_.layers().size();
  bool const auxiliary = static_cast<bool>(hooks.layer);
  auto const add_auxiliary = [&](std::size_t site) {
    if (auxiliary)
      hooks.layer(static_cast<std::int64_t>(site) - 1, layers_[site].h.narrow(0, 0, m), dh_.narrow(0, 0, m));
  };
  // After the last layer, only the norm reads the residual sum.
  if (auxiliary) dh_.zero_();
  add_auxiliary(layers);
  norm_backward(layers, !auxiliary, batch, dropout);
  unpack_gradients(1, segments_ - 1);  // the heads'
  complete_bucket();
  for (auto i = layers; i-- > 0;) {
    block_backward(i, batch, dmix);
    if (i > 0) add_auxiliary(i);
    norm_backward(i, false, batch, dropout);
    if (i > 0) complete_bucket();
  }
  multiply_fp32(gradients_.input_weight, dmix.narrow(0, 0, m).t(), padded_.narrow(0, 0, m));
  unpack_gradients(0, 1);
  complete_bucket();
}

template <class T>
void Engine<T>::one_block_backward(std::int64_t batch, Dropout const& dropout) {
  at::NoGradGuard const no_grad;
  norm_backward(1, true, batch, dropout);
  block_backward(0, batch, dropout.p > 0 ? dbranch_ : dh_);
}

template void Engine<float>::one_block_backward(std::int64_t, Dropout const&);
template void Engine<k::BFloat16>::one_block_backward(std::int64_t, Dropout const&);
template void Engine<float>::backward(std::int64_t, Dropout const&, LossHooks const&, BucketReady const&);
template void Engine<k::BFloat16>::backward(std::int64_t, Dropout const&, LossHooks const&, BucketReady const&);

}  // namespace mambasynth::gpu
