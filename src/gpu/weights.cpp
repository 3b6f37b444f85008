#include "gpu/weights.hpp"

#include <algorithm>

#include "gpu/current_stream.hpp"
#include "gpu/tensors.hpp"

namespace mambasynth::gpu {
namespace k = kernels;

namespace {
// Every packed matrix begins on a boundary that the widest loads of a GEMM take.
constexpr std::int64_t alignment = 64;
std::int64_t round_up(std::int64_t value) { return (value + alignment - 1) / alignment * alignment; }
}  // namespace

template <class T>
Weights<T>::Weights(model::Network const& network) : width_(padded_channels(network.channels())) {
  auto const& config = network.config();
  flat_ = at::empty({network.flat().numel()}, on_gpu(at::kFloat));
  auto const room = network.flat().numel() + static_cast<std::int64_t>(network.parameters().size()) * alignment +
                    (width_ - network.channels()) *
                        (config.d_model + config.d_ff * static_cast<std::int64_t>(network.horizons().size()));
  packed_ = at::empty({room}, on_gpu(dtype_of<T>()));

  auto const vector = [&](std::string const& name) {
    return data<float const>(flat_) + network.parameter(name).offset;
  };
  auto const matrix = [&](std::string const& name) {
    auto const& p = network.parameter(name);
    return add(p, p.tensor.size(0), p.tensor.size(1));
  };
  auto const& input = network.parameter("input_proj.weight");
  input_weight_ = add(input, input.tensor.size(0), width_);
  input_bias_ = vector("input_proj.bias");
  final_weight_ = vector("final_norm.weight");
  final_bias_ = vector("final_norm.bias");
  // Every layer declares the same parameters, so that one A_log lies as far behind the last as the next.
  A_ = at::empty({config.n_layers, config.d_inner(), config.d_state}, on_gpu(at::kFloat));
  auto const A_log_of = [&](std::int64_t i) {
    return network.parameter("layers." + std::to_string(i) + ".mamba.A_log").offset;
  };
  A_log_offset_ = A_log_of(0);
  A_log_parts_ = {config.n_layers, config.d_inner() * config.d_state,
                  config.n_layers > 1 ? A_log_of(1) - A_log_of(0) : 0};
  for (std::int64_t i = 0; i < config.n_layers; ++i) {
    auto const layer = "layers." + std::to_string(i) + ".", mamba = layer + "mamba.";
    layers_.push_back({.norm_weight = vector(layer + "norm.weight"),
                       .norm_bias = vector(layer + "norm.bias"),
                       .D = vector(mamba + "D"),
                       .conv_weight = vector(mamba + "conv1d.weight"),
                       .conv_bias = vector(mamba + "conv1d.bias"),
                       .dt_bias = vector(mamba + "dt_proj.bias"),
                       .A = A_[i],
                       .in_proj = matrix(mamba + "in_proj.weight"),
                       .x_proj = matrix(mamba + "x_proj.weight"),
                       .dt_proj = matrix(mamba + "dt_proj.weight"),
                       .out_proj = matrix(mamba + "out_proj.weight")});
  }
  for (auto const horizon : network.horizons()) {
    auto const head = "output_heads." + std::to_string(horizon) + ".";
    auto const& second = network.parameter(head + "2.weight");
    heads_.push_back({.weight0 = matrix(head + "0.weight"),
                      .weight2 = add(second, width_, second.tensor.size(1)),
                      .bias0 = vector(head + "0.bias"),
                      .bias2 = vector(head + "2.bias")});
  }
  auto const size = static_cast<std::int64_t>(list_.size() * sizeof(k::cuda::Segment));
  segments_ = at::from_blob(list_.data(), {size}, at::kByte).to(at::kCUDA);
  load(network);
}

template <class T>
at::Tensor Weights<T>::add(model::Parameter const& p, std::int64_t padded_rows, std::int64_t padded_columns) {
  list_.push_back({p.offset, used_, p.tensor.size(0), p.tensor.size(1), padded_rows, padded_columns});
  auto const count = padded_rows * padded_columns;
  auto view = packed_.narrow(0, used_, count).view({padded_rows, padded_columns});
  largest_ = std::max(largest_, count);
  used_ += round_up(count);
  return view;
}

template <class T>
void Weights<T>::load(model::Network const& network) {
  at::NoGradGuard const no_grad;
  flat_.copy_(network.flat());
  refresh();
}

template <class T>
void Weights<T>::refresh() {
  auto const stream = current_stream();
  k::cuda::pack<T>(reinterpret_cast<k::cuda::Segment const*>(bytes(segments_)), static_cast<std::int64_t>(list_.size()),
                   largest_, data<float>(flat_), data<T>(packed_), stream);
  k::cuda::negative_exp(A_log_parts_, data<float>(flat_) + A_log_offset_, data<float>(A_), stream);
}

template class Weights<float>;
template class Weights<kernels::BFloat16>;

}  // namespace mambasynth::gpu
