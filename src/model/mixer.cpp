#include "model/mixer.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/causal_conv1d.hpp"
#include "kernels/dropout.hpp"
#include "kernels/selective_scan.hpp"

namespace mambasynth::model {
namespace {

namespace k = mambasynth::kernels;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// Computed by the forward, needed by the backward.
struct Inner {
  at::Tensor x;      ///< (b, t, d) after the convolution
  at::Tensor x_dbl;  ///< (b, t, r + 2 n): low-rank delta, B, C
  at::Tensor delta;  ///< (b, t, d) before bias and softplus
};

struct Dimensions {
  std::int64_t batch, time, channels, states, rank, d_conv;
  [[nodiscard]] k::ConvShape conv() const { return {batch, time, channels, d_conv}; }
  [[nodiscard]] k::ScanShape scan() const { return {batch, time, channels, states}; }
  [[nodiscard]] std::int64_t dbl() const { return rank + 2 * states; }
};

Dimensions dimensions_of(at::Tensor const& xz, MixerWeights const& w) {
  return {xz.size(0), xz.size(1), w.A_log.size(0), w.A_log.size(1), w.dt_proj_weight.size(1), w.conv_weight.size(2)};
}

Inner inner(Dimensions const& s, at::Tensor const& xz, MixerWeights const& w) {
  Inner in;
  in.x = at::empty({s.batch, s.time, s.channels}, xz.options());
  AT_DISPATCH_FLOATING_TYPES(xz.scalar_type(), "causal_conv1d_forward", [&] {
    k::causal_conv1d_forward<scalar_t>(s.conv(), xz.const_data_ptr<scalar_t>(), 2 * s.channels,
                                       w.conv_weight.const_data_ptr<scalar_t>(), w.conv_bias.const_data_ptr<scalar_t>(),
                                       in.x.mutable_data_ptr<scalar_t>());
  });
  in.x_dbl = at::linear(in.x, w.x_proj);
  in.delta = at::linear(in.x_dbl.narrow(2, 0, s.rank), w.dt_proj_weight);
  return in;
}

template <class T>
k::ScanInputs<T> scan_inputs(Dimensions const& s, at::Tensor const& xz, Inner const& in, at::Tensor const& A,
                             MixerWeights const& w) {
  auto const* dbl = in.x_dbl.const_data_ptr<T>();
  return {.x = in.x.const_data_ptr<T>(),
          .delta = in.delta.const_data_ptr<T>(),
          .z = xz.const_data_ptr<T>() + s.channels,
          .B = dbl + s.rank,
          .C = dbl + s.rank + s.states,
          .x_stride = s.channels,
          .delta_stride = s.channels,
          .z_stride = 2 * s.channels,
          .B_stride = s.dbl(),
          .C_stride = s.dbl(),
          .A = A.const_data_ptr<T>(),
          .D = w.D.const_data_ptr<T>(),
          .delta_bias = w.dt_proj_bias.const_data_ptr<T>()};
}

struct MixerFunction : torch::autograd::Function<MixerFunction> {
  static at::Tensor forward(AutogradContext* context, at::Tensor const& xz_in, at::Tensor const& A_log,
                            at::Tensor const& D, at::Tensor const& conv_weight, at::Tensor const& conv_bias,
                            at::Tensor const& x_proj, at::Tensor const& dt_proj_weight, at::Tensor const& dt_proj_bias,
                            bool keep) {
    auto const xz = xz_in.contiguous();
    MixerWeights const w{A_log, D, conv_weight, conv_bias, x_proj, dt_proj_weight, dt_proj_bias};
    auto const s = dimensions_of(xz, w);
    auto const in = inner(s, xz, w);
    auto const A = at::exp(A_log).neg_();
    auto out = at::empty({s.batch, s.time, s.channels}, xz.options());
    auto checkpoints = at::empty({keep ? s.batch : 0, k::scan_chunks(s.time), s.channels, s.states}, xz.options());
    AT_DISPATCH_FLOATING_TYPES(xz.scalar_type(), "selective_scan_forward", [&] {
      k::selective_scan_forward<scalar_t>(
          s.scan(), scan_inputs<scalar_t>(s, xz, in, A, w),
          {out.mutable_data_ptr<scalar_t>(), keep ? checkpoints.mutable_data_ptr<scalar_t>() : nullptr, nullptr});
    });
    if (keep)
      context->save_for_backward({xz, A, D, conv_weight, conv_bias, x_proj, dt_proj_weight, dt_proj_bias, in.x,
                                  in.x_dbl, in.delta, checkpoints});
    return out;
  }

  static tensor_list backward(AutogradContext* context, tensor_list const& grads) {
    auto const saved = context->get_saved_variables();
    auto const& xz = saved[0];
    auto const& A = saved[1];
    MixerWeights const w{A, saved[2], saved[3], saved[4], saved[5], saved[6], saved[7]};  // only A_log's shape is used
    Inner const in{saved[8], saved[9], saved[10]};
    auto const& checkpoints = saved[11];
    auto const s = dimensions_of(xz, w);
    auto const dout = grads[0].contiguous();

    auto dxz = at::empty_like(xz);
    auto dx = at::empty_like(in.x);
    auto ddelta = at::empty_like(in.delta);
    auto dx_dbl = at::empty_like(in.x_dbl);
    auto dA = at::empty_like(A);
    auto dD = at::empty_like(w.D);
    auto ddt_bias = at::empty_like(w.dt_proj_bias);
    AT_DISPATCH_FLOATING_TYPES(xz.scalar_type(), "selective_scan_backward", [&] {
      auto* dbl = dx_dbl.mutable_data_ptr<scalar_t>();
      k::selective_scan_backward<scalar_t>(s.scan(), scan_inputs<scalar_t>(s, xz, in, A, w),
                                           checkpoints.const_data_ptr<scalar_t>(),
                                           {.dout = dout.const_data_ptr<scalar_t>(),
                                            .dx = dx.mutable_data_ptr<scalar_t>(),
                                            .ddelta = ddelta.mutable_data_ptr<scalar_t>(),
                                            .dz = dxz.mutable_data_ptr<scalar_t>() + s.channels,
                                            .dB = dbl + s.rank,
                                            .dC = dbl + s.rank + s.states,
                                            .dz_stride = 2 * s.channels,
                                            .dB_stride = s.dbl(),
                                            .dC_stride = s.dbl(),
                                            .dA = dA.mutable_data_ptr<scalar_t>(),
                                            .dD = dD.mutable_data_ptr<scalar_t>(),
                                            .ddelta_bias = ddt_bias.mutable_data_ptr<scalar_t>()});
    });

    auto const rows = s.batch * s.time;
    auto const ddelta_rows = ddelta.view({rows, s.channels});
    auto const ddt_weight = ddelta_rows.t().mm(in.x_dbl.view({rows, s.dbl()}).narrow(1, 0, s.rank));
    auto const dx_dbl_rows = dx_dbl.view({rows, s.dbl()});
    dx_dbl_rows.narrow(1, 0, s.rank).copy_(ddelta_rows.mm(w.dt_proj_weight));
    auto const dx_proj = dx_dbl_rows.t().mm(in.x.view({rows, s.channels}));
    dx.view({rows, s.channels}).addmm_(dx_dbl_rows, w.x_proj);

    auto dconv_weight = at::empty_like(w.conv_weight);
    auto dconv_bias = at::empty_like(w.conv_bias);
    AT_DISPATCH_FLOATING_TYPES(xz.scalar_type(), "causal_conv1d_backward", [&] {
      k::causal_conv1d_backward<scalar_t>(
          s.conv(), xz.const_data_ptr<scalar_t>(), 2 * s.channels, w.conv_weight.const_data_ptr<scalar_t>(),
          w.conv_bias.const_data_ptr<scalar_t>(), dx.const_data_ptr<scalar_t>(), dxz.mutable_data_ptr<scalar_t>(),
          2 * s.channels, dconv_weight.mutable_data_ptr<scalar_t>(), dconv_bias.mutable_data_ptr<scalar_t>());
    });
    // A = -exp(A_log), so dA_log = dA A.
    return {dxz, dA.mul_(A), dD, dconv_weight, dconv_bias, dx_proj, ddt_weight, ddt_bias, at::Tensor()};
  }
};

struct DropoutFunction : torch::autograd::Function<DropoutFunction> {
  static at::Tensor apply_mask(at::Tensor const& x, k::DropoutKey const& key, double p, std::int64_t first_sample) {
    auto const in = x.contiguous();
    auto out = at::empty_like(in);
    auto const samples = in.size(0);
    AT_DISPATCH_FLOATING_TYPES(in.scalar_type(), "dropout", [&] {
      k::dropout<scalar_t>(key, p, first_sample, samples, samples > 0 ? in.numel() / samples : 0,
                           in.const_data_ptr<scalar_t>(), out.mutable_data_ptr<scalar_t>());
    });
    return out;
  }
  static at::Tensor forward(AutogradContext* context, at::Tensor const& x, double p, std::int64_t seed,
                            std::int64_t step, std::int64_t site, std::int64_t first_sample) {
    context->saved_data["p"] = p;
    context->saved_data["seed"] = seed;
    context->saved_data["step"] = step;
    context->saved_data["site"] = site;
    context->saved_data["first_sample"] = first_sample;
    return apply_mask(x, key(seed, step, site), p, first_sample);
  }
  static tensor_list backward(AutogradContext* context, tensor_list const& grads) {
    auto& data = context->saved_data;
    auto const dx = apply_mask(grads[0], key(data["seed"].toInt(), data["step"].toInt(), data["site"].toInt()),
                               data["p"].toDouble(), data["first_sample"].toInt());
    return {dx, {}, {}, {}, {}, {}};
  }
  static k::DropoutKey key(std::int64_t seed, std::int64_t step, std::int64_t site) {
    return {static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(step), static_cast<std::uint32_t>(site)};
  }
};

}  // namespace

at::Tensor mixer(at::Tensor const& xz, MixerWeights const& w) {
  bool const keep = at::GradMode::is_enabled() && (xz.requires_grad() || w.A_log.requires_grad());
  return MixerFunction::apply(xz, w.A_log, w.D, w.conv_weight, w.conv_bias, w.x_proj, w.dt_proj_weight, w.dt_proj_bias,
                              keep);
}

GateSignals gate_signals(at::Tensor const& xz_in, MixerWeights const& w) {
  at::NoGradGuard const no_grad;
  auto const xz = xz_in.contiguous();
  auto const s = dimensions_of(xz, w);
  auto const in = inner(s, xz, w);
  return {.delta = at::softplus(in.delta + w.dt_proj_bias),
          .z_gate = at::silu(xz.narrow(2, s.channels, s.channels)),
          .B = in.x_dbl.narrow(2, s.rank, s.states),
          .C = in.x_dbl.narrow(2, s.rank + s.states, s.states),
          .x_conv = in.x};
}

at::Tensor dropout(at::Tensor const& x, DropoutKey const& key, std::uint32_t site) {
  if (key.p == 0) return x;
  return DropoutFunction::apply(x, key.p, static_cast<std::int64_t>(key.seed), static_cast<std::int64_t>(key.step),
                                static_cast<std::int64_t>(site), key.first_sample);
}

}  // namespace mambasynth::model
