#include "gpu/current_stream.hpp"
#include "gpu/engine.hpp"
#include "gpu/tensors.hpp"
#include "kernels/causal_conv1d.hpp"
#include "kernels/gelu.hpp"

// The forward pass, and what the losses' hooks receive.
namespace mambasynth::gpu {
namespace k = kernels;

/// x and z from u, the norm's output.
template <class T>
void Engine<T>::project(std::size_t index, std::int64_t batch) {
  auto const m = batch * capacity_.time;
  multiply(layers_[index].xz.narrow(0, 0, m), u_.narrow(0, 0, m), weights_.layers()[index].in_proj.t());
}

template <class T>
void Engine<T>::convolve(std::size_t index, std::int64_t batch) {
  auto const& mixer = weights_.layers()[index].mixer;
  k::cuda::causal_conv1d_forward<T>({batch, capacity_.time, dims_.inner, dims_.d_conv}, data<T>(layers_[index].xz),
                                    2 * dims_.inner, data<float>(mixer.conv_weight), data<float>(mixer.conv_bias),
                                    data<T>(x_conv_), current_stream());
}

template <class T>
kernels::ScanInputs<T> Engine<T>::scan_inputs(std::size_t index) const {
  auto const& layer = layers_[index];
  auto const& mixer = weights_.layers()[index].mixer;
  auto const* dbl = data<T>(layer.x_dbl);
  return {.x = data<T>(x_conv_),
          .delta = data<T>(delta_),
          .z = data<T>(layer.xz) + dims_.inner,
          .B = dbl + dims_.rank,
          .C = dbl + dims_.rank + dims_.states,
          .x_stride = dims_.inner,
          .delta_stride = delta_.stride(0),
          .z_stride = 2 * dims_.inner,
          .B_stride = dims_.x_dbl,
          .C_stride = dims_.x_dbl,
          .A = weights_.A(index),
          .D = data<float>(mixer.D),
          .delta_bias = data<float>(mixer.dt_proj_bias)};
}

template <class T>
void Engine<T>::block_forward(std::size_t index, std::int64_t batch, WatchGates const& gates) {
  auto const m = batch * capacity_.time;
  auto const& layer = layers_[index];
  auto const& w = weights_.layers()[index];
  auto const rows = [m](at::Tensor const& t) { return t.narrow(0, 0, m); };
  project(index, batch);
  convolve(index, batch);
  multiply(rows(layer.x_dbl), rows(x_conv_), w.mixer.x_proj.t());
  multiply(rows(delta_), rows(layer.x_dbl).narrow(1, 0, dims_.rank), w.mixer.dt_proj_weight.t());
  if (gates) gates(rows(layer.xz), rows(x_conv_), rows(layer.x_dbl), rows(delta_));
  k::cuda::selective_scan_forward<T>(scan_shape(batch), scan_inputs(index), data<T>(out_),
                                     capacity_.training ? bytes(layer.saved) : nullptr, nullptr, current_stream(),
                                     bytes(workspace_));
  multiply(rows(mix_), rows(out_), w.out_proj.t());
}

template <class T>
void Engine<T>::norm_forward(std::size_t site, at::Tensor const& residual, std::int64_t batch, Dropout const& dropout) {
  bool const input = site == 0, last = site == weights_.layers().size();
  auto const& layer = layers_[site];
  auto const& w = weights_.views();
  auto own = dropout;
  own.key.site = static_cast<std::uint32_t>(site);
  k::cuda::residual_norm_forward<T>({batch, capacity_.time, dims_.features}, own,
                                    {.branch = data<T>(mix_),
                                     .branch_bias = input ? data<float>(w.input_bias) : nullptr,
                                     .residual = input ? nullptr : data<T>(residual),
                                     .gamma = data<float>(last ? w.final_weight : w.layers[site].norm_weight),
                                     .beta = data<float>(last ? w.final_bias : w.layers[site].norm_bias)},
                                    {.h = data<T>(layer.h),
                                     .u = data<T>(u_),
                                     .mean = capacity_.training ? data<float>(layer.mean) : nullptr,
                                     .rstd = capacity_.training ? data<float>(layer.rstd) : nullptr},
                                    current_stream());
}

template <class T>
void Engine<T>::forward(std::int64_t batch, Dropout const& dropout, Watch const& watch, WatchGates const& gates) {
  at::NoGradGuard const no_grad;
  auto const m = batch * capacity_.time;
  multiply(mix_.narrow(0, 0, m), padded_.narrow(0, 0, m), weights_.views().input_weight.t());
  norm_forward(0, {}, batch, dropout);
  for (std::size_t i = 0; i < weights_.layers().size(); ++i) {
    block_forward(i, batch, gates);
    norm_forward(i + 1, layers_[i].h, batch, dropout);
    if (watch) watch(static_cast<std::int64_t>(i), layers_[i + 1].h.narrow(0, 0, m));
  }
}

template <class T>
void Engine<T>::one_block_forward(std::int64_t batch, Dropout const& dropout) {
  at::NoGradGuard const no_grad;
  block_forward(0, batch, {});
  norm_forward(1, layers_[0].h, batch, dropout);
}

template <class T>
void Engine<T>::head_forward(std::int64_t batch, std::size_t head) {
  auto const m = batch * capacity_.time;
  auto const& w = weights_.views().heads[head];
  auto const rows = [m](at::Tensor const& t) { return t.narrow(0, 0, m); };
  multiply(rows(hidden_pre_), rows(u_), w.weight0.t());
  k::cuda::gelu_forward<T>(m, dims_.hidden, data<T>(hidden_pre_), data<float>(w.bias0), data<T>(hidden_),
                           current_stream());
  multiply_fp32(rows(prediction_), rows(hidden_), w.weight2.t());
}

template <class T>
at::Tensor Engine<T>::predict(std::int64_t batch, std::size_t head) {
  at::NoGradGuard const no_grad;
  head_forward(batch, head);
  return prediction_.narrow(0, 0, batch * capacity_.time);
}

template <class T>
train::losses::HeadOutput Engine<T>::head_output(std::int64_t batch, std::size_t head, bool with_gradient) const {
  auto const windows = [&](at::Tensor const& rows) {
    return rows.narrow(0, 0, batch * capacity_.time).view({batch, capacity_.time, weights_.width()});
  };
  train::losses::HeadOutput output{.horizon = horizons_[head],
                                   .prediction = windows(prediction_),
                                   .bias = weights_.views().heads[head].bias2,
                                   .x = x_.narrow(0, 0, batch),
                                   .dprediction = {},
                                   .dbias = {},
                                   .stream = current_stream()};
  if (!with_gradient) return output;
  output.dprediction = windows(dprediction_);
  output.dbias = gradients_.heads[head].bias2;
  return output;
}

template <class T>
void Engine<T>::evaluate(std::int64_t batch, PredictionHook const& hook) {
  at::NoGradGuard const no_grad;
  for (std::size_t head = 0; head < horizons_.size(); ++head) {
    head_forward(batch, head);
    hook(head, head_output(batch, head, /*with_gradient=*/false));
  }
}

#define MAMBASYNTH_INSTANTIATE(T)                                                                   \
  template void Engine<T>::project(std::size_t, std::int64_t);                                      \
  template void Engine<T>::convolve(std::size_t, std::int64_t);                                     \
  template kernels::ScanInputs<T> Engine<T>::scan_inputs(std::size_t) const;                        \
  template void Engine<T>::forward(std::int64_t, Dropout const&, Watch const&, WatchGates const&);  \
  template void Engine<T>::one_block_forward(std::int64_t, Dropout const&);                         \
  template at::Tensor Engine<T>::predict(std::int64_t, std::size_t);                                \
  template void Engine<T>::head_forward(std::int64_t, std::size_t);                                 \
  template train::losses::HeadOutput Engine<T>::head_output(std::int64_t, std::size_t, bool) const; \
  template void Engine<T>::evaluate(std::int64_t, PredictionHook const&);
MAMBASYNTH_INSTANTIATE(float)
MAMBASYNTH_INSTANTIATE(k::BFloat16)

}  // namespace mambasynth::gpu
