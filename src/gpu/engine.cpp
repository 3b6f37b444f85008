#include "gpu/engine.hpp"

#include <algorithm>

#include "errors/errors.hpp"
#include "gpu/tensors.hpp"
#include "kernels/causal_conv1d.hpp"
#include "kernels/gelu.hpp"

namespace mambasynth::gpu {
namespace k = kernels;

namespace {

/// Checked before anything is allocated or launched.
void require_kernels_for(config::Model const& model) {
  for (auto const states : k::cuda::scan_states)
    if (model.d_state == states) return;
  throw errors::usage("model.d_state = " + std::to_string(model.d_state) + " has no kernel on the GPU",
                      "there are kernels for 4, 8, 16, 32, 64 and 128 states",
                      "Choose one of these, or use --device cpu");
}

}  // namespace

template <class T>
Engine<T>::Engine(model::Network const& network, Capacity const& capacity)
    : capacity_(capacity),
      horizons_((require_kernels_for(network.config()), network.horizons())),
      weights_(network),
      buckets_(train::gradient_buckets(network)) {
  at::NoGradGuard const no_grad;
  auto const& c = network.config();
  dims_ = {c.d_model,          c.d_inner(), c.d_state,
           c.dt_rank(),        c.d_conv,    c.d_ff,
           network.channels(), c.n_layers,  c.dt_rank() + 2 * c.d_state};
  auto const m = capacity.batch * capacity.time, width = weights_.width();
  auto const array = [&](std::int64_t columns) { return at::empty({m, columns}, on_gpu(dtype_of<T>())); };
  auto const fp32 = [&](std::vector<std::int64_t> const& shape) { return at::empty(shape, on_gpu(at::kFloat)); };
  k::ScanShape const scan = scan_shape(capacity.batch);
  k::check_scan(scan);
  k::check_conv({capacity.batch, capacity.time, dims_.inner, dims_.d_conv});

  x_ = fp32({capacity.batch, capacity.time, dims_.channels});
  padded_ = array(width);
  at::Tensor const xz = recomputes_xz || !capacity.training ? array(2 * dims_.inner) : at::Tensor();
  for (std::int64_t i = 0; i <= dims_.layers; ++i) {
    if (!capacity.training && i > 0) {
      layers_.push_back(layers_.front());
      continue;
    }
    Layer layer;
    layer.h = array(dims_.features);
    if (capacity.training) {
      layer.mean = fp32({m});
      layer.rstd = fp32({m});
    }
    if (i < dims_.layers) {
      layer.xz = xz.defined() ? xz : array(2 * dims_.inner);
      layer.x_dbl = array(dims_.x_dbl);
      if (capacity.training) layer.saved = byte_array(k::cuda::scan_saved_bytes<T>(scan));
    }
    layers_.push_back(layer);
  }
  u_ = array(dims_.features);
  x_conv_ = array(dims_.inner);
  out_ = array(dims_.inner);
  prediction_ = fp32({m, width});
  if (!capacity.training) {
    mix_ = array(dims_.features);
    delta_ = array(dims_.inner);
    hidden_pre_ = array(dims_.hidden);
    hidden_ = array(dims_.hidden);
    workspace_ = byte_array(k::cuda::scan_forward_workspace_bytes<T>(scan));
    return;
  }

  // Each is written after the last use of the one before.
  mix_ = du_ = dbranch_ = array(dims_.features);
  dh_ = array(dims_.features);
  dx_dbl_ = array(dims_.x_dbl);
  dprediction_ = array(width);
  // The heads are done before the first block's backward starts, so they share memory.
  auto const inner = at::empty({m * std::max(4 * dims_.inner, 2 * dims_.hidden)}, on_gpu(dtype_of<T>()));
  auto const part = [&](std::int64_t first, std::int64_t columns) {
    return inner.narrow(0, m * first, m * columns).view({m, columns});
  };
  dxz_ = part(0, 2 * dims_.inner);
  // The gradient of x before the convolution is written after delta's last use.
  delta_ = dxz_.narrow(1, 0, dims_.inner);
  dx_ = part(2 * dims_.inner, dims_.inner);
  ddelta_ = part(3 * dims_.inner, dims_.inner);
  hidden_pre_ = part(0, dims_.hidden);
  hidden_ = part(dims_.hidden, dims_.hidden);

  gradient_ = at::zeros({network.flat().numel()}, on_gpu(at::kFloat));
  // Matrices with padding have gradients with padding.
  std::int64_t padded = 0;
  for (auto const& p : network.parameters())
    if (is_padded(p)) padded += padded_size(p, width).count();
  padded_gradient_ = fp32({padded});
  std::vector<k::cuda::Segment> segments;
  std::int64_t used = 0;
  gradients_ = network.weights_as([&](model::Parameter const& p) {
    if (!is_padded(p)) return p.view_of(gradient_);
    auto const size = padded_size(p, width);
    segments.push_back({p.offset, used, p.tensor.size(0), p.tensor.size(1), size.rows, size.columns});
    auto view = padded_gradient_.narrow(0, used, size.count()).view({size.rows, size.columns});
    largest_segment_ = std::max(largest_segment_, size.count());
    used += size.count();
    return view;
  });
  padded_segments_ =
      at::from_blob(segments.data(), {static_cast<std::int64_t>(segments.size() * sizeof(k::cuda::Segment))}, at::kByte)
          .to(at::kCUDA);
  segments_ = static_cast<std::int64_t>(segments.size());

  workspace_ =
      byte_array(std::max({k::cuda::scan_workspace_bytes<T>(scan),
                           k::cuda::conv_workspace_bytes({capacity.batch, capacity.time, dims_.inner, dims_.d_conv}),
                           k::cuda::residual_norm_workspace_bytes({capacity.batch, capacity.time, dims_.features}),
                           k::cuda::gelu_workspace_bytes(m, dims_.hidden)}));
}

template <class T>
kernels::ScanShape Engine<T>::scan_shape(std::int64_t batch) const {
  return {batch, capacity_.time, dims_.inner, dims_.states};
}

template class Engine<float>;
template class Engine<k::BFloat16>;

}  // namespace mambasynth::gpu
